"""What is no packet of the clients 1.x and 2.x: always PacketError, with every JSON module."""

from __future__ import annotations

import pytest

from flask_realtime.exceptions import PacketError
from flask_realtime.protocol.eio3 import EIO3
from flask_realtime.protocol.packet import Message
from tests.protocol.codecs import MAX_SIZE
from tests.protocol.eio3_exchanges import ONE, TWO

# The last message of each is the wrong one.
INVALID: dict[str, list[Message]] = {
    "empty": [""],
    "unknown engine type": ["7"],
    "a letter": ["x"],
    "an Arabic digit": ["\u0664"],
    "a superscript digit": ["\u00b2"],
    "a superscript digit, encoded twice": ["\u00c2\u00b2"],
    "a lone surrogate": ["\ud800"],
    "a message without type": ["4"],
    "unknown type": ["47"],
    "type 9": ['49["a"]'],
    "an Arabic digit as type": ['4\u0662["a"]'],
    "connect with a list": ["40[]"],
    "connect with a string": ['40"a"'],
    "connect with a number": ["40/a,{}1"],
    "a query without a namespace": ["40?a=b"],
    "a query of 20,000 characters": ["40/a?b=" + "c" * 20_000],
    "disconnect with data": ["41{}"],
    "event that is an object": ['42{"a":1}'],
    "event that is a string": ['42"a"'],
    "event that is false": ["42false"],
    "an error that is no JSON": ["44x"],
    "ack without id": ["43[]"],
    "ack without anything": ["43"],
    "ack with an object": ["431{}"],
    "ack with a string": ['431"a"'],
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
    "a raw control character": ['42["a\x01"]'],
    "NaN": ['42["a",NaN]'],
    "minus Infinity": ['42["a",[-Infinity]]'],
    "5,000 digits": ['42["a",' + "9" * 5000 + "]"],
    "lists 100,000 deep": ['42["a",' + "[" * 100_000 + "]" * 100_000 + "]"],
    "objects 100,000 deep": ['42["a",' + '{"a":' * 100_000 + "1" + "}" * 100_000 + "]"],
    "nested connect": ["40" + '{"a":' * 100_000],
    "an old ack without id": ["430-[1]"],
    "an old ack with a long count": ["431234567890123456-1[]"],
    "an old ack with two counts": ["430-0-1[]"],
    "an old ack of too many": [f"4311-1[{ONE}]"],
    "binary without count": [f'45["a",{ONE}]'],
    "binary without a number": [f'45-["a",{ONE}]'],
    "binary without dash": [f'451["a",{ONE}]'],
    "binary, nothing": ["451"],
    "11 attachments": [f'4511-["a",{ONE}]'],
    "a count of 100,000 digits": ["45" + "1" * 100_000],
    "a count in Arabic digits": [f'45\u0661-["a",{ONE}]'],
    "a negative count": [f'45-1-["a",{ONE}]'],
    "binary without data": ["451-", b"\4x"],
    "binary event that is an object": [f'451-{{"a":{ONE}}}', b"\4x"],
    "binary event that is an attachment": [f"451-{ONE}", b"\4x"],
    "binary ack without id": [f"461-[{ONE}]", b"\4x"],
    "binary ack with an object": [f'461-1{{"a":{ONE}}}', b"\4x"],
    "empty binary": [f'451-["a",{ONE}]', b""],
    "binary without its type": [f'451-["a",{ONE}]', b"x"],
    "binary with the digit of its type": [f'451-["a",{ONE}]', b"4x"],
    "a ping in binary": [b"\2"],
    "an attachment to nothing": [b"\4x"],
    "base64 to nothing": ["b4AQI="],
    "an attachment after an event": ['42["a"]', b"\4x"],
    "an attachment to binary that is none": ['450-["a"]', b"\4x"],
    "an attachment too many": [f'451-["a",{ONE}]', b"\4x", b"\4y"],
    "an event among attachments": [f'452-["a",{ONE},{TWO}]', b"\4x", '42["a"]'],
    "a connect among attachments": [f'451-["a",{ONE}]', "40/a"],
    "a query among attachments": [f'451-["a",{ONE}]', "40/a?b=c"],
    "more placeholders than attachments": [f'451-["a",{ONE},{TWO}]', b"\4x"],
    "fewer placeholders": [f'452-["a",{ONE}]', b"\4x", b"\4y"],
    "one placeholder twice": [f'452-["a",{ONE},{ONE}]', b"\4x", b"\4y"],
    "a negative number": ['451-["a",{"_placeholder":true,"num":-1}]', b"\4x"],
    "text for a number": ['451-["a",{"_placeholder":true,"num":"0"}]', b"\4x"],
    "an attachment over the limit": [f'451-["a",{ONE}]', b"\4" + b"x" * (MAX_SIZE + 1)],
    "over the limit together": [f'452-["a",{ONE},{TWO}]', b"\4" + b"x" * MAX_SIZE, b"\4y"],
    "base64 without a type": [f'451-["a",{ONE}]', "bAQI="],
    "base64 of a ping": [f'451-["a",{ONE}]', "b2AQI="],
    "base64 of a wrong length": [f'451-["a",{ONE}]', "b4AQI"],
    "base64 with a wrong letter": [f'451-["a",{ONE}]', "b4AQ*="],
    "base64 beyond ASCII": [f'451-["a",{ONE}]', "b4AQI\u00e9"],
}


@pytest.mark.parametrize("messages", INVALID.values(), ids=INVALID)
def test_what_is_no_packet_is_refused(eio3: EIO3, messages: list[Message]) -> None:
    decoder = eio3.decoder()
    *before, wrong = messages
    for message in before:
        decoder.feed(message)
    with pytest.raises(PacketError) as caught:
        decoder.feed(wrong)
    assert len(str(caught.value)) < 100  # it does not quote the client at length


def test_the_type_of_an_attachment_does_not_count_for_the_limit(eio3: EIO3) -> None:
    decoder = eio3.decoder()
    for _ in range(3):
        decoder.feed(f'451-["a",{ONE}]')
        assert decoder.feed(b"\4" + b"x" * MAX_SIZE) is not None
