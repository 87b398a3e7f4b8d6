"""The exceptions of Beaker, one tree.

::

    BeakerError
    ├── ConfigurationError        a setting is missing or contradicts another
    │   └── KernelSpecNotFound    no kernelspec of that name
    ├── ProtocolError             a message is malformed
    ├── KernelDied                the subkernel ended while a request was waiting
    ├── KernelNotReady            the subkernel lives, and has not answered in time
    ├── AgentDied                 the agent process ended while a question was open
    ├── ApprovalRequired          the policy wants a person's word, and nobody can be asked
    ├── BudgetExceeded            a limit on steps, tokens or seconds is reached
    ├── NewerDatabase             a later version of Beaker has written it
    ├── NotAllowed                the credential is wrong, or may not do that
    ├── NotFound                  no session, execution or file of that name
    ├── Conflict                  there is one of that name already
    ├── InvalidRequest            what is asked for can't be done, whoever asks
    │   └── TooLarge              it is more than is taken at once
    ├── TooMany                   a limit on sessions, executions or requests is reached
    └── ModelError                the endpoint did not give an answer
        ├── NoModel               no endpoint is set, and none was found
        ├── ModelAuthError        401 or 403: the key is missing or wrong
        ├── ModelRateLimited      429, after the visible retries
        ├── ModelUnavailable      no connection, 5xx, or no byte within the time
        ├── ModelResponseError    the endpoint answered what nobody can read
        │   └── ContextExceeded   the request is longer than the model's context
        └── NotRecorded           nothing but recorded answers may be given, and there is none

On the wire each is Jupyter's ``{ename, evalue, traceback}``; `ename` is the class's name.
"""


class BeakerError(Exception):
    """The root: whatever Beaker itself has to say."""


class ConfigurationError(BeakerError):
    """A setting is missing or contradicts another."""


class KernelSpecNotFound(ConfigurationError):
    """No kernelspec of that name is installed."""


class ProtocolError(BeakerError):
    """A message is malformed."""


class KernelDied(BeakerError):
    """The subkernel ended while a request was waiting."""


class KernelNotReady(BeakerError):
    """The subkernel lives, and has not answered in time."""


class AgentDied(BeakerError):
    """The agent process ended while a question was open."""


class ApprovalRequired(BeakerError):
    """The policy wants a person's word, and nobody can be asked."""


class BudgetExceeded(BeakerError):
    """A limit on steps, tokens or seconds is reached."""


class NewerDatabase(BeakerError):
    """A later version of Beaker has written the database."""


class NotAllowed(BeakerError):
    """The credential is wrong, or may not do that."""


class NotFound(BeakerError):
    """There is no session, execution or file of that name."""


class Conflict(BeakerError):
    """There is one of that name already."""


class InvalidRequest(BeakerError):
    """What is asked for can't be done, whoever asks.

    Attributes:
        where: the part of the request that is meant.

    """

    def __init__(self, message: str, *where: str | int) -> None:
        super().__init__(message)
        self.where = where or ("body",)


class TooLarge(InvalidRequest):
    """It is more than is taken at once."""


class TooMany(BeakerError):
    """A limit on sessions, executions or requests is reached.

    Attributes:
        retry_after: seconds after which it makes sense to ask again.

    """

    def __init__(self, message: str, *, retry_after: float = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ModelError(BeakerError):
    """The endpoint did not give an answer."""


class NoModel(ModelError):
    """No endpoint is set, and none was found on this machine."""


class ModelAuthError(ModelError):
    """The endpoint refused the key (401 or 403)."""


class ModelRateLimited(ModelError):
    """The endpoint still said 429 after the visible retries."""


class ModelUnavailable(ModelError):
    """The endpoint could not be reached, failed (5xx), or sent nothing in time."""


class ModelResponseError(ModelError):
    """The endpoint answered what nobody can read, or stopped in the middle."""


class ContextExceeded(ModelResponseError):
    """The request is longer than the model's context.

    Attributes:
        limit: the tokens that fit, as the endpoint says; 0 where it doesn't.

    """

    def __init__(self, message: str, limit: int = 0) -> None:
        super().__init__(message)
        self.limit = limit


class NotRecorded(ModelError):
    """Nothing but recorded answers may be given, and to this call there is none."""
