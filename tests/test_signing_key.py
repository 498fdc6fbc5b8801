"""The key that signs the log: found, made once, and never another than the log's own."""

from pathlib import Path

import pytest

from api.settings import Settings, SettingsError
from api.signing_key import FILE_NAME, SigningKeys, signing_keys_for
from ledger.checkpoint import Signer
from ledger.errors import NoteKeyError

NAME = "ledger.example/log"
SEEDS = iter(range(1, 200))


def a_signer(name: str = NAME) -> Signer:
    return Signer(name, bytes([next(SEEDS)]) * 32)


def settings_in(folder: Path, **changes: object) -> Settings:
    return Settings(database_url=f"sqlite:///{folder / 'cauri.db'}", log_name=NAME).with_changes(
        **changes
    )


def test_in_development_a_key_is_made_beside_the_database_once(tmp_path: Path) -> None:
    first = signing_keys_for(settings_in(tmp_path), current=None)
    again = signing_keys_for(settings_in(tmp_path), current=None)

    assert first is not None
    assert again is not None
    made, found = first(None), again(None)
    assert made is not None
    assert found is not None
    assert made.verifier == found.verifier
    assert made.verifier.name == NAME
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_no_key_is_made_for_a_log_that_another_one_signs(tmp_path: Path) -> None:
    current = a_signer().verifier.text()
    with pytest.raises(SettingsError, match="CAURI_SIGNING_KEY_FILE"):
        signing_keys_for(settings_in(tmp_path), current=current)
    assert not (tmp_path / FILE_NAME).exists()


def test_a_key_that_is_not_the_one_that_signs_the_log_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "own.key"
    SigningKeys(file, NAME).write(a_signer(), file)
    other = a_signer().verifier.text()
    with pytest.raises(SettingsError, match="the key that signs the log is not at"):
        signing_keys_for(settings_in(tmp_path, signing_key_file=file), current=other)


def test_a_file_that_cannot_be_used_is_refused_and_not_repeated(tmp_path: Path) -> None:
    other, broken = tmp_path / "other.key", tmp_path / "broken.key"
    text = a_signer("elsewhere.example/log").private_text()
    other.write_text(text)
    broken.write_text(text[:-1])
    for file in (other, broken, tmp_path / "absent.key"):
        with pytest.raises(SettingsError, match="CAURI_SIGNING_KEY_FILE") as caught:
            signing_keys_for(settings_in(tmp_path, signing_key_file=file), current=None)
        assert text[-20:-1] not in str(caught.value)


def test_without_a_folder_and_without_a_file_nothing_signs() -> None:
    settings = Settings(database_url="postgresql://cauri@127.0.0.1/cauri")
    assert signing_keys_for(settings, current=None) is None


def test_a_key_is_found_beside_the_file_before_and_after_it_takes_its_place(
    tmp_path: Path,
) -> None:
    file, old, new = tmp_path / "signing.key", a_signer(), a_signer()
    keys = SigningKeys(file, NAME)
    keys.write(old, file)
    keys.write(new, keys.beside(new.verifier))

    def found() -> list[str]:
        fresh = SigningKeys(file, NAME)
        both = [fresh(one.verifier.text()) for one in (old, new)]
        return [one.verifier.text() for one in both if one is not None]

    texts = [old.verifier.text(), new.verifier.text()]
    assert found() == texts
    keys.put_in_place(new)
    keys.put_in_place(new)
    present = keys(None)
    assert present is not None
    assert present.verifier == new.verifier
    assert found() == texts
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "signing.key",
        f"signing.key.{old.verifier.key_id.hex()}",
    ]


def test_no_key_is_written_over_another(tmp_path: Path) -> None:
    file = tmp_path / "signing.key"
    keys = SigningKeys(file, NAME)
    keys.write(a_signer(), file)
    with pytest.raises(FileExistsError):
        keys.write(a_signer(), file)
    file.unlink()
    with pytest.raises(NoteKeyError):
        keys(None)
