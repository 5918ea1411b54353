"""Which module the codec is made of, and how simplejson's C encoder is used."""

from __future__ import annotations

import inspect
import json
import math
import sys
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import simplejson

from flask_realtime.exceptions import EncodeError, OptionError, PacketError
from flask_realtime.protocol import simplejson as subject
from flask_realtime.protocol.json import Codec, make_codec


class Point(NamedTuple):
    x: int
    y: int


def refuse_signature(*args: Any) -> Any:
    raise TypeError("another signature")


def another_meaning(*args: Any) -> Any:
    return lambda value, level: ["{}"]


def fast(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "c_make_encoder" in vars(simplejson.encoder)


def without_c(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simplejson.encoder, "c_make_encoder", None)


def with_another_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_c_encoder", refuse_signature)


def with_another_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "_c_encoder", another_meaning)


@pytest.mark.parametrize("prepare", [fast, without_c, with_another_signature, with_another_meaning])
def test_every_way_to_simplejson_writes_the_same(
    monkeypatch: pytest.MonkeyPatch, prepare: Callable[[pytest.MonkeyPatch], None]
) -> None:
    prepare(monkeypatch)
    codec = make_codec()
    values = ["a\u00e9\ud800", 1, -1.5, math.nan, True, None, Decimal("1.10"), Decimal("-Infinity")]
    assert codec.dumps(values) == ('["a\u00e9\\ud800",1,-1.5,null,true,null,1.10,null]', [])
    assert codec.dumps([Point(1, 2), (), {}]) == ("[[1,2],[],{}]", [])
    assert codec.dumps([{1: 2, None: 3, "b": [4]}]) == ('[{"1":2,"null":3,"b":[4]}]', [])
    assert codec.dumps([b"x"]) == ('[{"_placeholder":true,"num":0}]', [b"x"])
    for wrong in ({1}, {b"k": 1}, {"a": iter(())}):
        with pytest.raises(EncodeError):
            codec.dumps([wrong])


@pytest.mark.parametrize("prepare", [fast, without_c, with_another_signature, with_another_meaning])
def test_every_way_to_simplejson_ends_a_value_without_end(
    monkeypatch: pytest.MonkeyPatch, prepare: Callable[[pytest.MonkeyPatch], None]
) -> None:
    prepare(monkeypatch)
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(EncodeError, match="contains itself"):
        make_codec().dumps(endless)


def test_the_c_encoder_is_used_where_simplejson_has_it() -> None:
    if simplejson.encoder.c_make_encoder is None:
        pytest.skip("simplejson was installed without its C part")
    assert "key_memo" in inspect.getclosurevars(subject.simplejson_dumps()).nonlocals


def test_the_memo_of_keys_is_empty_after_each_value() -> None:
    dumps = subject.simplejson_dumps()
    memo = inspect.getclosurevars(dumps).nonlocals["key_memo"]
    for number in range(100):
        dumps({f"key {number}": 1})
        assert not memo
    with pytest.raises(TypeError):
        dumps({"key": {1}})
    assert not memo


@pytest.fixture
def busy_threads() -> Iterator[None]:
    """Threads change places as often as Python lets them."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_eight_threads_share_an_encoder_and_values(busy_threads: None) -> None:
    codec = make_codec()
    shared = {f"key {number}": [number, {"deep": 1.5}] for number in range(50)}
    expected = json.dumps(["a", shared], separators=(",", ":"))
    start = threading.Barrier(8)
    wrong: list[Any] = []

    def work(own: int) -> None:
        start.wait(10)
        for turn in range(200):
            if codec.dumps(["a", shared])[0] != expected:
                wrong.append(own)
            text, attachments = codec.dumps([own, {f"{own} {turn}": Decimal(turn)}, b"x"])
            if json.loads(text)[:2] != [own, {f"{own} {turn}": turn}] or attachments != [b"x"]:
                wrong.append(own)
            if codec.loads(expected) != ["a", shared]:
                wrong.append(own)

    threads = [threading.Thread(target=work, args=(own,)) for own in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not wrong
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize("module", [None, simplejson, "simplejson"])
def test_simplejson_is_the_default(module: Any) -> None:
    codec = make_codec(module)
    assert codec.dumps([Decimal("1.0"), math.inf])[0] == "[1.0,null]"


@pytest.mark.parametrize("name", ["no_such_json", "", ".relative", "json.nothing"])
def test_a_name_that_cannot_be_imported_is_refused(name: str) -> None:
    with pytest.raises(OptionError, match="no such module"):
        make_codec(name)


@pytest.mark.parametrize("module", ["os", object(), SimpleNamespace(dumps=json.dumps)])
def test_a_module_without_dumps_and_loads_is_refused(module: Any) -> None:
    with pytest.raises(OptionError, match="dumps and loads"):
        make_codec(module)


def test_a_module_that_insists_on_nan_is_refused() -> None:
    module = SimpleNamespace(dumps=lambda value: json.dumps(value), loads=json.loads)
    with pytest.raises(OptionError, match="NaN"):
        make_codec(module)


def test_a_module_that_writes_nan_by_default_is_made_to_refuse_it() -> None:
    with pytest.raises(EncodeError):
        make_codec(json).dumps([math.nan])


def test_a_module_may_write_bytes() -> None:
    def dumps(value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()

    codec = make_codec(SimpleNamespace(dumps=dumps, loads=json.loads))
    assert codec.dumps(["\u00e9", b"x"])[0] == '["\u00e9", {"_placeholder": true, "num": 0}]'


def test_binary_goes_out_as_binary_where_the_module_would_write_text() -> None:
    def dumps(value: Any) -> str:
        return simplejson.dumps(value, allow_nan=False)  # its default: bytes are UTF-8 text

    assert dumps([b"x"]) == '["x"]'
    codec = make_codec(SimpleNamespace(dumps=dumps, loads=simplejson.loads))
    assert codec.dumps(["a", b"x"]) == ('["a", {"_placeholder": true, "num": 0}]', [b"x"])
    assert codec.dumps(["a"]) == ('["a"]', [])
    with pytest.raises(EncodeError, match=r"\[1\] is a set"):
        codec.dumps([b"x", {1}])


def test_a_module_whose_loads_takes_nothing_else_is_used_as_it_is() -> None:
    codec = make_codec(SimpleNamespace(dumps=json.dumps, loads=lambda text: json.loads(text)))
    assert codec.loads('["NaN"]') == ["NaN"]


def test_whatever_loads_raises_is_a_packet_error() -> None:
    def loads(text: str) -> Any:
        raise KeyError(text)

    with pytest.raises(PacketError) as caught:
        Codec(json.dumps, loads).loads("[]")
    assert isinstance(caught.value.__cause__, KeyError)


def test_two_servers_may_have_two_modules() -> None:
    one, other = make_codec(), make_codec("json")
    assert one.dumps([1, 2])[0] == "[1,2]"
    assert other.dumps([1, 2])[0] == "[1, 2]"
