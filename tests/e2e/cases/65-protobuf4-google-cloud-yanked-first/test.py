# A vendored module that protoc 3.14 made once and nobody has made anew.
from google.api_core import operation  # noqa: F401: the clients are imported beside it
from google.cloud import storage  # noqa: F401

VISIT_PB2 = r'''
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from google.protobuf import reflection as _reflection
from google.protobuf import symbol_database as _symbol_database

DESCRIPTOR = _descriptor.FileDescriptor(
    name="visit.proto",
    package="clinic",
    syntax="proto3",
    serialized_pb=b'\n\x0bvisit.proto\x12\x06clinic"\x15\n\x05Visit\x12\x0c\n\x04room\x18\x01 \x01(\tb\x06proto3',
)
_VISIT = _descriptor.Descriptor(
    name="Visit", full_name="clinic.Visit", filename=None, file=DESCRIPTOR, containing_type=None,
    fields=[
        _descriptor.FieldDescriptor(
            name="room", full_name="clinic.Visit.room", index=0, number=1, type=9, cpp_type=9, label=1,
            has_default_value=False, default_value=b"".decode("utf-8"), message_type=None, enum_type=None,
            containing_type=None, is_extension=False, extension_scope=None, serialized_options=None, file=DESCRIPTOR,
        ),
    ],
    extensions=[], nested_types=[], enum_types=[], serialized_options=None, is_extendable=False, syntax="proto3",
    extension_ranges=[], oneofs=[], serialized_start=23, serialized_end=44,
)
DESCRIPTOR.message_types_by_name["Visit"] = _VISIT
_symbol_database.Default().RegisterFileDescriptor(DESCRIPTOR)
Visit = _reflection.GeneratedProtocolMessageType(
    "Visit", (_message.Message,), {"DESCRIPTOR": _VISIT, "__module__": "visit_pb2"}
)
'''
visit_pb2 = {}
exec(compile(VISIT_PB2, "visit_pb2.py", "exec"), visit_pb2)
Visit = visit_pb2["Visit"]
assert Visit.FromString(Visit(room="4b").SerializeToString()).room == "4b"
print("read back")
