"""What is no packet: always PacketError, whatever the JSON module raises."""

from __future__ import annotations

import pytest

from flask_realtime.exceptions import PacketError
from flask_realtime.protocol.eio4 import EIO4
from flask_realtime.protocol.packet import Message
from tests.protocol.codecs import MAX_SIZE

_ONE = '{"_placeholder":true,"num":0}'
_TWO = '{"_placeholder":true,"num":1}'

# The last message of each is the wrong one.
INVALID: dict[str, list[Message]] = {
    "empty": [""],
    "unknown engine type": ["7"],
    "a letter": ["x"],
    "an Arabic digit": ["\u0664"],
    "a superscript digit": ["\u00b2"],
    "a lone surrogate": ["\ud800"],
    "a message without type": ["4"],
    "unknown type": ["47"],
    "type 9": ['49["a"]'],
    "an Arabic digit as type": ['4\u0662["a"]'],
    "connect with a list": ["40[]"],
    "connect with a string": ['40"a"'],
    "connect with a number": ["40/a,{}1"],
    "disconnect with data": ["41{}"],
    "connect_error from a client": ['44{"message":"x"}'],
    "connect_error without data": ["44"],
    "event without data": ["42"],
    "event with id only": ["4212"],
    "event in a namespace without data": ["42/a,"],
    "event that is an object": ['42{"a":1}'],
    "event that is a string": ['42"a"'],
    "event that is null": ["42null"],
    "event without name": ["42[]"],
    "event named null": ["42[null]"],
    "event named true": ["42[true]"],
    "event named by a list": ['42[["a"]]'],
    "event named by an object": ["42[{}]"],
    "connect as event": ['42["connect"]'],
    "connect_error as event": ['42["connect_error",1]'],
    "disconnect as event": ['42["disconnect"]'],
    "disconnecting as event": ['42/a,1["disconnecting"]'],
    "newListener as event": ['42["newListener"]'],
    "removeListener as event": ['42["removeListener"]'],
    "reserved with escapes": ['42["\\u0063onnect"]'],
    "reserved, binary": [f'451-["connect",{_ONE}]', b"x"],
    "ack without id": ["43[]"],
    "ack without data": ["431"],
    "ack with an object": ["431{}"],
    "ack with null": ["431null"],
    "id of 16 digits": ['421234567890123456["a"]'],
    "id of 100,000 digits": ["42" + "1" * 100_000 + "[]"],
    "id in Arabic digits": ['42\u0661["a"]'],
    "id in superscript": ['42\u00b2["a"]'],
    "negative id": ['42-1["a"]'],
    "bad JSON": ["42[a]"],
    "half JSON": ['42["a"'],
    "two JSONs": ['42["a"]["b"]'],
    "text behind": ['42["a"]x'],
    "a comma too many": ['42["a",]'],
    "single quotes": ["42['a']"],
    "a raw control character": ['42["a\x01"]'],
    "a raw separator": ['42["a\x1e"]'],
    "NaN": ['42["a",NaN]'],
    "Infinity": ['42["a",Infinity]'],
    "minus Infinity": ['42["a",[-Infinity]]'],
    "5,000 digits": ['42["a",' + "9" * 5000 + "]"],
    "lists 100,000 deep": ['42["a",' + "[" * 100_000 + "]" * 100_000 + "]"],
    "objects 100,000 deep": ['42["a",' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "]"],
    "unclosed 100,000 deep": ['42["a",' + "[" * 100_000],
    "nested connect": ["40" + '{"a":' * 100_000],
    "binary without count": [f'45["a",{_ONE}]'],
    "binary without a number": [f'45-["a",{_ONE}]'],
    "binary without dash": [f'451["a",{_ONE}]'],
    "binary, nothing": ["451"],
    "binary without data": ["451-", b"x"],
    "no attachments": ['450-["a"]'],
    "11 attachments": [f'4511-["a",{_ONE}]'],
    "a count of 16 digits": [f'451234567890123456-["a",{_ONE}]'],
    "a count of 100,000 digits": ["45" + "1" * 100_000],
    "a count in Arabic digits": [f'45\u0661-["a",{_ONE}]'],
    "a negative count": [f'45-1-["a",{_ONE}]'],
    "binary event that is an object": [f'451-{{"a":{_ONE}}}', b"x"],
    "binary ack without id": [f"461-[{_ONE}]", b"x"],
    "binary ack with an object": [f"461-1{_ONE}", b"x"],
    "an attachment as name": [f"451-[{_ONE}]", b"x"],
    "an attachment to nothing": [b"x"],
    "base64 to nothing": ["bAQI="],
    "an attachment after an event": ['42["a"]', b"x"],
    "an attachment too many": [f'451-["a",{_ONE}]', b"x", b"y"],
    "an event among attachments": [f'452-["a",{_ONE},{_TWO}]', b"x", '42["a"]'],
    "a connect among attachments": [f'451-["a",{_ONE}]', "40"],
    "a binary event among attachments": [f'451-["a",{_ONE}]', f'451-["a",{_ONE}]'],
    "more stand-ins than attachments": [f'451-["a",{_ONE},{_TWO}]', b"x"],
    "fewer stand-ins": [f'452-["a",{_ONE}]', b"x", b"y"],
    "one stand-in twice": [f'452-["a",{_ONE},{_ONE}]', b"x", b"y"],
    "no stand-in": ['451-["a"]', b"x"],
    "a negative number": ['451-["a",{"_placeholder":true,"num":-1}]', b"x"],
    "a fraction": ['451-["a",{"_placeholder":true,"num":0.0}]', b"x"],
    "true for a number": ['452-["a",{"_placeholder":true,"num":true},' + _ONE + "]", b"x", b"y"],
    "text for a number": ['451-["a",{"_placeholder":true,"num":"0"}]', b"x"],
    "a list for a number": ['451-["a",{"_placeholder":true,"num":[0]}]', b"x"],
    "no number": ['451-["a",{"_placeholder":true}]', b"x"],
    "an attachment over the limit": [f'451-["a",{_ONE}]', b"x" * (MAX_SIZE + 1)],
    "over the limit together": [f'452-["a",{_ONE},{_TWO}]', b"x" * MAX_SIZE, b"y"],
    "base64 of a wrong length": [f'451-["a",{_ONE}]', "bAQI"],
    "base64 with a wrong letter": [f'451-["a",{_ONE}]', "bAQ*="],
    "base64 beyond ASCII": [f'451-["a",{_ONE}]', "bAQI\u00e9"],
    "base64 for URLs": [f'451-["a",{_ONE}]', "b__8="],
    "base64 with a lone surrogate": [f'451-["a",{_ONE}]', "b\ud800"],
}


@pytest.mark.parametrize("messages", INVALID.values(), ids=INVALID)
def test_what_is_no_packet_is_refused(eio4: EIO4, messages: list[Message]) -> None:
    decoder = eio4.decoder()
    *before, wrong = messages
    for message in before:
        decoder.feed(message)
    with pytest.raises(PacketError):
        decoder.feed(wrong)


@pytest.mark.parametrize("messages", INVALID.values(), ids=INVALID)
def test_the_error_does_not_quote_the_client_at_length(eio4: EIO4, messages: list[Message]) -> None:
    decoder = eio4.decoder()
    with pytest.raises(PacketError) as caught:
        for message in messages:
            decoder.feed(message)
    assert len(str(caught.value)) < 100


def test_attachments_up_to_the_limit_pass(eio4: EIO4) -> None:
    decoder = eio4.decoder()
    decoder.feed(f'452-["a",{_ONE},{_TWO}]')
    decoder.feed(b"x" * (MAX_SIZE - 1))
    packet = decoder.feed(b"y")
    assert packet is not None and packet.data[2] == b"y"


def test_the_limit_begins_anew_with_each_packet(eio4: EIO4) -> None:
    decoder = eio4.decoder()
    for _ in range(3):
        decoder.feed(f'451-["a",{_ONE}]')
        assert decoder.feed(b"x" * MAX_SIZE) is not None
