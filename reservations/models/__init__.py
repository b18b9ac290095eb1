"""Tables, one file a noun. Importing this package knows them all, as Alembic needs."""

from reservations.models.approval import Decision
from reservations.models.attendance import CheckIn, Strike
from reservations.models.base import Base
from reservations.models.bookings import Booking
from reservations.models.checkouts import Checkout, GiveBack
from reservations.models.facilities import (
    CatalogueVersion,
    DayMask,
    Facility,
    FramePrice,
    Municipality,
    OpeningVersion,
    Part,
    Purpose,
    TownRulesVersion,
    Unit,
    UnitFrame,
    UnitPart,
    UnitPurpose,
)
from reservations.models.feedback import Problem, Rating
from reservations.models.imports import ImportFile, ImportRecord
from reservations.models.items import Handout, Item
from reservations.models.journal import AuditLine, AuditSeal, Event, PartyLook
from reservations.models.letters import Letter
from reservations.models.matters import SeenTo
from reservations.models.money import CashDay, Payment, PaymentMove, Receipt, Reduction, Refund
from reservations.models.nodes import Declaration, FacilityNode, Notice
from reservations.models.packs import FormDecision, NumberCounter, PaperForm, PaperPack
from reservations.models.papers import IssuedPaper
from reservations.models.parties import (
    Account,
    GroupMember,
    GroupRoster,
    LinkWish,
    LoginLink,
    Party,
    PartyDelegate,
    PartyResidency,
    SignInSession,
)
from reservations.models.passkeys import Passkey, PasskeyChallenge
from reservations.models.reductions import PartyReduction, ReductionRequest
from reservations.models.rights import (
    EmergencyCode,
    FacilityGroup,
    FacilityGroupMember,
    RoleGrant,
    SecondStep,
)
from reservations.models.sealed import (
    PartyDestroyed,
    PartyForgotten,
    PartyHolder,
    PartyKey,
    PartyText,
    PartyUnsaid,
    SealingKey,
)
from reservations.models.settlement import Settlement, SettlementLine
from reservations.models.shelters import Shelter

__all__ = [
    "Account",
    "AuditLine",
    "AuditSeal",
    "Base",
    "Booking",
    "CashDay",
    "CatalogueVersion",
    "CheckIn",
    "Checkout",
    "DayMask",
    "Decision",
    "Declaration",
    "EmergencyCode",
    "Event",
    "Facility",
    "FacilityGroup",
    "FacilityGroupMember",
    "FacilityNode",
    "FormDecision",
    "FramePrice",
    "GiveBack",
    "GroupMember",
    "GroupRoster",
    "Handout",
    "ImportFile",
    "ImportRecord",
    "IssuedPaper",
    "Item",
    "Letter",
    "LinkWish",
    "LoginLink",
    "Municipality",
    "Notice",
    "NumberCounter",
    "OpeningVersion",
    "PaperForm",
    "PaperPack",
    "Part",
    "Party",
    "PartyDelegate",
    "PartyDestroyed",
    "PartyForgotten",
    "PartyHolder",
    "PartyKey",
    "PartyLook",
    "PartyReduction",
    "PartyResidency",
    "PartyText",
    "PartyUnsaid",
    "Passkey",
    "PasskeyChallenge",
    "Payment",
    "PaymentMove",
    "Problem",
    "Purpose",
    "Rating",
    "Receipt",
    "Reduction",
    "ReductionRequest",
    "Refund",
    "RoleGrant",
    "SealingKey",
    "SecondStep",
    "SeenTo",
    "Settlement",
    "SettlementLine",
    "Shelter",
    "SignInSession",
    "Strike",
    "TownRulesVersion",
    "Unit",
    "UnitFrame",
    "UnitPart",
    "UnitPurpose",
]
