"""The arguments that a handler declares, by the hints of its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from ..exceptions import EventError
from .handler import Handler
from .shapes import Check, Shapes, Unfit


class Declared:
    """What the events of a handler have to bring.

    :raises EventError: for hints that cannot be read, or that name nothing a client can send.
    """

    __slots__ = ("_checks", "_names", "_rest")

    def __init__(self, handler: Handler) -> None:
        self._names: list[str] = []
        self._checks: list[Check] = []
        self._rest: tuple[str, Check] | None = None
        for parameter in _parameters(handler):
            check = _check(handler, parameter)
            if parameter.kind is parameter.VAR_POSITIONAL:
                self._rest = (parameter.name, check)
            elif parameter.kind is not parameter.VAR_KEYWORD:
                self._names.append(parameter.name)
                self._checks.append(check)

    def read(self, handler: Handler, args: Sequence[Any], callback: bool) -> list[Any]:
        """Return the arguments, as what their hints name.

        :param callback: whether one argument more comes, by which a listener answers.
        :raises Unfit: for one that is wrong, missing, or too many.
        """
        count = len(args)
        if not (handler.takes(count) or (callback and handler.least == count + 1)):
            if count < handler.least:
                raise Unfit("missing", self._names[count])
            raise Unfit(f"expected {handler.most}, got {count}", "arguments")
        return [self._read_one(number, each) for number, each in enumerate(args)]

    def _read_one(self, number: int, value: Any) -> Any:
        if number < len(self._names):
            name, check = self._names[number], self._checks[number]
        else:
            assert self._rest is not None
            name, check = self._rest
            name = f"{name}[{number - len(self._names)}]"
        try:
            return check(value)
        except Unfit as error:
            error.way.append(name)
            raise
        except RecursionError:
            raise Unfit("too deep", name) from None


def _parameters(handler: Handler) -> list[inspect.Parameter]:
    try:
        parameters = list(inspect.signature(handler.given, eval_str=True).parameters.values())
    except (NameError, ValueError, SyntaxError) as error:
        raise EventError(
            f"validate=True: the hints of {handler} cannot be read: {error}. Names in them are "
            "those of the module"
        ) from None
    return parameters[:-1] if handler.wants_ack else parameters


def _check(handler: Handler, parameter: inspect.Parameter) -> Check:
    hint = Any if parameter.annotation is parameter.empty else parameter.annotation
    try:
        return Shapes().check(hint)
    except (TypeError, NameError) as error:
        raise EventError(
            f"validate=True: the parameter {parameter.name!r} of {handler}: {error}"
        ) from None
