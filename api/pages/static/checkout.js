// What makes a checkout page better where scripts run; without this file it works all the same.
(function () {
  "use strict";
  var live = document.getElementById("live");
  if (!live || !window.fetch || !window.DOMParser) return;
  var source = null, timer = null, busy = false, framed = window.parent !== window;

  // Recognise the operator while the number is typed.
  function digitsOf(field) {
    var text = field.value.replace(/[^\d+]/g, ""), calling = field.dataset.calling;
    if (text.indexOf("+") === 0) text = "00" + text.slice(1);
    if (calling && text.indexOf("00" + calling) === 0) text = text.slice(2 + calling.length);
    var trunk = field.dataset.trunk;
    return trunk && text.indexOf(trunk) === 0 ? text.slice(trunk.length) : text;
  }
  function recognised(digits) {
    var best = null, length = 0;
    live.querySelectorAll("[data-prefixes]").forEach(function (radio) {
      radio.dataset.prefixes.split(" ").forEach(function (prefix) {
        if (prefix && prefix.length > length && digits.indexOf(prefix) === 0) {
          best = radio;
          length = prefix.length;
        }
      });
    });
    return best;
  }
  function look() {
    var field = document.getElementById("phone"), seen = document.getElementById("seen");
    if (!field || !seen) return;
    var chosen = live.querySelector("[name=operator]:checked");
    var guess = recognised(digitsOf(field));
    var operator = chosen && chosen.value ? chosen : guess;
    var name = guess ? guess.parentNode.querySelector(".tag").textContent : "";
    if (seen.dataset.name !== name) {
      seen.dataset.name = name;
      seen.textContent = "";
      seen.hidden = !name;
      if (name) {
        var parts = seen.dataset.text.split("%");
        seen.append(parts[0], guess.parentNode.querySelector(".tag").cloneNode(true), parts[1]);
      }
    }
    live.querySelectorAll("[data-next]").forEach(function (line) {
      line.hidden = Boolean(operator) && operator.dataset.way !== line.dataset.next;
    });
    var code = document.getElementById("code");
    if (!code) return;
    // Whoever needs a code shall see where it goes; only when that changes, so it can be closed.
    var needs = Boolean(operator) && operator.dataset.way === "code";
    var typed = document.getElementById("one_time_code").value;
    if (needs !== ("shown" in code.dataset) && !typed) code.open = needs;
    if (needs) code.dataset.shown = ""; else delete code.dataset.shown;
    if (!code.open) code.hidden = Boolean(operator) && !("code" in operator.dataset);
  }

  // A number of another country: its operators are offered, if they can be paid by.
  function countryOf(field) {
    var text = field.value.replace(/[^\d+]/g, "");
    if (text.indexOf("00") === 0) text = "+" + text.slice(2);
    if (text && text.charAt(0) !== "+") return field.dataset.home;
    var found = field.dataset.countries.split(" ").filter(function (one) {
      return one && text.indexOf("+" + one.slice(0, -2)) === 0;
    })[0];
    return found ? found.slice(-2) : field.dataset.country;
  }
  var asking = false;
  function offer() {
    var field = document.getElementById("phone");
    if (!field || asking || countryOf(field) === field.dataset.country) return;
    var wanted = countryOf(field), url = new URL(location.href), isThere = false;
    url.searchParams.set("country", wanted);
    asking = true;
    fetch(url, { headers: { Accept: "text/html" }, cache: "no-store" })
      .then(function (answer) { return answer.text(); })
      .then(function (text) {
        var page = new DOMParser().parseFromString(text, "text/html");
        var next = page.getElementById("phone"), now = document.getElementById("phone");
        if (!next || now !== field || next.dataset.country !== wanted) return;
        isThere = true;
        var chosen = live.querySelector("[name=operator]:checked + .tag");
        var code = document.getElementById("one_time_code"), typed = code ? code.value : "";
        ["offers", "next", "phone-hint"].forEach(function (id) {
          var old = document.getElementById(id), other = page.getElementById(id);
          if (old && other) old.innerHTML = other.innerHTML;
        });
        ["calling", "trunk", "country"].forEach(function (name) {
          field.dataset[name] = next.dataset[name];
        });
        // The same wallet in the other country, and a code that was typed: as they were.
        live.querySelectorAll("[name=operator] + .tag").forEach(function (tag) {
          if (chosen && tag.textContent === chosen.textContent) {
            tag.parentNode.querySelector("input").checked = true;
          }
        });
        code = document.getElementById("one_time_code");
        if (code && typed) code.value = typed;
      })
      .catch(function () {})
      .then(function () {
        asking = false;
        // Typing went on meanwhile. Where no answer came, the next key asks again.
        if (isThere) seek();
      });
  }
  function seek() {
    look();
    offer();
  }
  document.addEventListener("input", seek);
  document.addEventListener("change", seek);

  // One press is one payment: the server knows, and so shall the payer.
  document.addEventListener("submit", function (event) {
    var button = event.target.querySelector("button");
    setTimeout(function () { if (button) button.disabled = true; }, 0);
  });
  window.addEventListener("pageshow", function (event) {
    document.querySelectorAll("button").forEach(function (one) { one.disabled = false; });
    if (event.persisted) renew();
  });

  // Follow the payment: told by the server, or else asking it every few seconds.
  function renew() {
    if (busy) return;
    busy = true;
    fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" })
      .then(function (answer) { return answer.text(); })
      .then(function (text) {
        var page = new DOMParser().parseFromString(text, "text/html");
        var next = page.getElementById("live");
        if (next && next.dataset.mark !== live.dataset.mark) {
          Array.from(live.attributes).forEach(function (one) {
            if (one.name.indexOf("data-") === 0) live.removeAttribute(one.name);
          });
          Array.from(next.attributes).forEach(function (one) {
            if (one.name.indexOf("data-") === 0) live.setAttribute(one.name, one.value);
          });
          live.innerHTML = next.innerHTML;
          document.title = page.title;
          arrive();
        }
      })
      .catch(function () {})
      .then(function () { busy = false; });
  }
  function ask() {
    if (!timer) timer = setInterval(renew, 5000);
  }
  function follow() {
    var url = live.dataset.follow;
    if (!url) {
      if (source) source.close();
      clearInterval(timer);
      source = timer = null;
    } else if (!window.EventSource) {
      ask();
    } else if (!source) {
      source = new EventSource(url);
      source.onmessage = function (event) {
        if (event.data !== live.dataset.mark) renew();
      };
      source.onerror = function () {
        if (source && source.readyState === 2) ask();
      };
    }
  }
  function tell() {
    if (!framed || !live.dataset.embed) return;
    var said = {
      type: "cauri-checkout", session: live.dataset.session, state: live.dataset.state,
      height: Math.ceil(document.body.getBoundingClientRect().height)
    };
    live.dataset.embed.split(" ").forEach(function (origin) {
      window.parent.postMessage(said, origin);
    });
  }
  function leave() {
    var url = live.dataset.go;
    if (!url || framed) return;
    // So that the way back leads here and not there again.
    var here = new URL(location.href);
    here.searchParams.delete("go");
    history.replaceState(null, "", here);
    location.assign(url);
  }
  function arrive() {
    follow();
    tell();
    leave();
    seek();
  }
  arrive();
  // The page around may give its frame the room that is needed, also when a field opens.
  if (framed && window.ResizeObserver) new ResizeObserver(tell).observe(document.body);
})();
