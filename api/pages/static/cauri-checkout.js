// <cauri-checkout src="https://pay.example/checkout/cs_..."></cauri-checkout>
//
// Shows a checkout page inside a page of yours, whose origin the session names as `embed_origin`.
// It tells what the customer sees by events that bubble:
//
//   cauri-checkout:state      whenever that changes; detail {session, state}
//   cauri-checkout:completed  once the payment has gone through; detail {session, state: "paid"}
//
// It is as high as the page in it; with a `height` (`height="40rem"`) it keeps that, and scrolls.
//
// These events are for your page's looks alone. Anybody can make a browser say anything: hand out
// the goods when your server hears of the payment by a signed webhook, or has asked for it.
const HEIGHT_MAX_PX = 5000;

class CauriCheckout extends HTMLElement {
  static get observedAttributes() {
    return ["src"];
  }

  connectedCallback() {
    this.hear = (event) => this.heard(event);
    window.addEventListener("message", this.hear);
    this.show();
  }

  disconnectedCallback() {
    window.removeEventListener("message", this.hear);
    this.replaceChildren();
    this.frame = null;
  }

  attributeChangedCallback() {
    if (this.isConnected && this.hear) this.show();
  }

  show() {
    const src = this.getAttribute("src");
    this.replaceChildren();
    this.frame = null;
    this.isCompleted = false;
    this.last = "";
    if (!src) return;
    const url = new URL(src, document.baseURI);
    url.searchParams.set("embed", "1");
    this.origin = url.origin;
    this.frame = document.createElement("iframe");
    this.frame.src = url.href;
    this.frame.title = this.getAttribute("title") || "Mobile money";
    this.frame.referrerPolicy = "no-referrer";
    this.frame.style.cssText = "border:0;width:100%;height:" + (this.getAttribute("height") || "48rem");
    this.append(this.frame);
  }

  heard(event) {
    // Whoever may send a message: only the frame of ours, showing the page we opened, is heard.
    if (!this.frame || event.source !== this.frame.contentWindow) return;
    if (event.origin !== this.origin) return;
    const said = event.data;
    if (!said || said.type !== "cauri-checkout" || typeof said.state !== "string") return;
    if (Number.isFinite(said.height) && said.height > 0 && !this.hasAttribute("height")) {
      this.frame.style.height = Math.min(said.height, HEIGHT_MAX_PX) + "px";
    }
    const detail = { session: String(said.session), state: said.state };
    const now = detail.session + " " + detail.state;
    if (now !== this.last) this.say("state", detail);
    this.last = now;
    if (said.state === "paid" && !this.isCompleted) {
      this.isCompleted = true;
      this.say("completed", detail);
    }
  }

  say(name, detail) {
    const event = new CustomEvent("cauri-checkout:" + name, { bubbles: true, composed: true, detail });
    this.dispatchEvent(event);
  }
}

customElements.define("cauri-checkout", CauriCheckout);
