"""What Redis does in one step that no command of its own does."""

from __future__ import annotations

from hashlib import sha1
from typing import NamedTuple

NO_NUMBER = b"no number"
TOO_LARGE = b"too large"


class Script(NamedTuple):
    """A script in Lua, and the name by which Redis knows it once it has run."""

    text: str
    digest: str


def _script(text: str) -> Script:
    return Script(text, sha1(text.encode(), usedforsecurity=False).hexdigest())


# KEYS: the hash. ARGV: the field, what to put there, and for how many milliseconds the hash is
# kept, unless its end is decided already.
_KEEP = """
if redis.call('PTTL', KEYS[1]) == -1 then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
end
"""

SET = _script(f"""
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
{_KEEP}
return ARGV[2]
""")

# Two whole numbers are added with 64 bits, and anything else as Python does it: with the digits
# that bring back the same float, and as one that is recognised as such.
INCREMENT = _script(f"""
local before = redis.call('HGET', KEYS[1], ARGV[1])
local sum = ARGV[2]
if before and before:find('^-?%d+$') and sum:find('^-?%d+$') then
    local reply = redis.pcall('HINCRBY', KEYS[1], ARGV[1], sum)
    if type(reply) == 'table' and reply.err then
        return '{TOO_LARGE.decode()}'
    end
    sum = redis.call('HGET', KEYS[1], ARGV[1])
else
    if before then
        local number = tonumber(before)
        if not number then
            return '{NO_NUMBER.decode()}'
        end
        number = number + tonumber(sum)
        if number ~= number or number == math.huge or number == -math.huge then
            return '{TOO_LARGE.decode()}'
        end
        sum = string.format('%.17g', number)
        if not sum:find('[.e]') then
            sum = sum .. '.0'
        end
    end
    redis.call('HSET', KEYS[1], ARGV[1], sum)
end
{_KEEP}
return sum
""")
