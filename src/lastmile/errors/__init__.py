"""Everything that lastmile can tell a person went wrong.

One root, one shape: what happened, why it matters, how to put it right, and where. Callers hand
over facts; the sentences are written here, so that every door (command line, log, page) says the
same thing::

    LastmileError
    ├── Faults               several of the errors below, found at once
    ├── workspace            NoWorkspace, BadDefinition, UnknownName, MissingPart, NotWritable,
    │                        NotEmpty, StoreUnusable, StoreTooNew
    ├── reports              NotebookMissing, NotANotebook, NoParametersCell, UnknownParameter,
    │                        BadParameter, BadMoment, NoTranslation, SecretRefused,
    │                        BadRange, RunUnknown, DataMissing, PublicationGone,
    │                        LatestNotMoved, ProgramFault
    ├── schedules            CannotListen, SlotTaken, SlotUnknown
    ├── clusters             ClusterUnreachable, RefusedThere, WorkersLost,
    │                        WorkspaceTooLarge
    ├── deliveries           BadRecipient, NoMailServer, NothingToDeliver
    └── exports              BadReference, NotFitted, SampleLacksColumn, Untrusted, RowsRefused,
                             RuntimeRefused, NotExportable, BundleBroken, PackageBroken,
                             OverBudget, EvidenceFailed, VersionTaken, FileTaken

Exit codes: 2 = you can fix it, 1 = we could not do it, 3 = the export is wrong.
"""

from lastmile.errors.clusters import (
    ClusterUnreachable,
    RefusedThere,
    WorkersLost,
    WorkspaceTooLarge,
)
from lastmile.errors.deliveries import BadRecipient, NoMailServer, NothingToDeliver
from lastmile.errors.exports import (
    BadReference,
    BundleBroken,
    EvidenceFailed,
    FileTaken,
    NotExportable,
    NotFitted,
    OverBudget,
    PackageBroken,
    RowsRefused,
    RuntimeRefused,
    SampleLacksColumn,
    Untrusted,
    VersionTaken,
)
from lastmile.errors.reports import (
    BadMoment,
    BadParameter,
    BadRange,
    DataMissing,
    LatestNotMoved,
    NoParametersCell,
    NotANotebook,
    NotebookMissing,
    NoTranslation,
    ProgramFault,
    PublicationGone,
    RunUnknown,
    SecretRefused,
    UnknownParameter,
)
from lastmile.errors.schedules import CannotListen, SlotTaken, SlotUnknown
from lastmile.errors.shape import (
    Faults,
    LastmileError,
    each,
    nearest,
    raise_faults,
)
from lastmile.errors.workspace import (
    BadDefinition,
    MissingPart,
    NotEmpty,
    NotWritable,
    NoWorkspace,
    StoreTooNew,
    StoreUnusable,
    UnknownName,
)

__all__ = [
    "BadDefinition",
    "BadMoment",
    "BadParameter",
    "BadRange",
    "BadRecipient",
    "BadReference",
    "BundleBroken",
    "CannotListen",
    "ClusterUnreachable",
    "DataMissing",
    "EvidenceFailed",
    "Faults",
    "FileTaken",
    "LastmileError",
    "LatestNotMoved",
    "MissingPart",
    "NoMailServer",
    "NoParametersCell",
    "NoTranslation",
    "NoWorkspace",
    "NotANotebook",
    "NotEmpty",
    "NotExportable",
    "NotFitted",
    "NotWritable",
    "NotebookMissing",
    "NothingToDeliver",
    "OverBudget",
    "PackageBroken",
    "ProgramFault",
    "PublicationGone",
    "RefusedThere",
    "RowsRefused",
    "RunUnknown",
    "RuntimeRefused",
    "SampleLacksColumn",
    "SecretRefused",
    "SlotTaken",
    "SlotUnknown",
    "StoreTooNew",
    "StoreUnusable",
    "UnknownName",
    "UnknownParameter",
    "Untrusted",
    "VersionTaken",
    "WorkersLost",
    "WorkspaceTooLarge",
    "each",
    "nearest",
    "raise_faults",
]
