"""The tables. Importing this package makes `Base.metadata` whole."""

from clinic.models.accounts import (
    Account,
    LoginLink,
    LoginSession,
    RequestKey,
    Search,
    Throttle,
)
from clinic.models.appointments import Appointment, Assignment, BoardVersion, StatusChange
from clinic.models.audit import AuditEntry
from clinic.models.base import Base
from clinic.models.courses import ChangeSet, Course
from clinic.models.definitions import Definition, DefinitionStatus
from clinic.models.imports import ExternalId, ImportBatch, ImportMap, ImportRow
from clinic.models.machinery import ClinicSetting, Heartbeat, SetupMark
from clinic.models.messages import Message, MessageState
from clinic.models.patients import Patient, PatientToken
from clinic.models.records import Observation, SideEffect, VisitRecord
from clinic.models.resources import Block, BlockKeep, Cell, Resource, ResourceFit, Seat, Shift
from clinic.models.setup_marks import setup_mark
from clinic.models.sites import Holiday, OpeningHours, Site
from clinic.models.staff import Grant, Qualification, Staff
from clinic.models.worklists import WorkItem

__all__ = [
    "Account",
    "Appointment",
    "Assignment",
    "AuditEntry",
    "Base",
    "Block",
    "BlockKeep",
    "BoardVersion",
    "Cell",
    "ChangeSet",
    "ClinicSetting",
    "Course",
    "Definition",
    "DefinitionStatus",
    "ExternalId",
    "Grant",
    "Heartbeat",
    "Holiday",
    "ImportBatch",
    "ImportMap",
    "ImportRow",
    "LoginLink",
    "LoginSession",
    "Message",
    "MessageState",
    "Observation",
    "OpeningHours",
    "Patient",
    "PatientToken",
    "Qualification",
    "RequestKey",
    "Resource",
    "ResourceFit",
    "Search",
    "Seat",
    "SetupMark",
    "Shift",
    "SideEffect",
    "Site",
    "Staff",
    "StatusChange",
    "Throttle",
    "VisitRecord",
    "WorkItem",
    "setup_mark",
]
