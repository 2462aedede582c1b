#!/usr/bin/env python3
"""Writes tensorboard.json beside this file: event records encoded by Google's protobuf and crcmod.

Field numbers are those of tensorflow/core/util/event.proto and tensorflow/core/framework/summary.proto.

Usage: /usr/bin/python3 tests/golden/tensorboard.py     (needs python3-protobuf, python3-crcmod)
"""
import json
import pathlib
import struct

import crcmod.predefined
import google.protobuf
from google.protobuf import descriptor_pb2, descriptor_pool

crc32c = crcmod.predefined.mkCrcFun("crc-32c")
Field = descriptor_pb2.FieldDescriptorProto


def messages():
    file = descriptor_pb2.FileDescriptorProto(name="event.proto", package="golden", syntax="proto3")

    def message(name, *fields):
        kind = file.message_type.add(name=name)
        for field, number, form, of in fields:
            repeated = name == "Summary"
            kind.field.add(name=field, number=number, type=form, type_name=of,
                           label=Field.LABEL_REPEATED if repeated else Field.LABEL_OPTIONAL)

    message("Value", ("tag", 1, Field.TYPE_STRING, None), ("simple_value", 2, Field.TYPE_FLOAT, None))
    message("Summary", ("value", 1, Field.TYPE_MESSAGE, ".golden.Value"))
    message("Event", ("wall_time", 1, Field.TYPE_DOUBLE, None), ("step", 2, Field.TYPE_INT64, None),
            ("file_version", 3, Field.TYPE_STRING, None), ("summary", 5, Field.TYPE_MESSAGE, ".golden.Summary"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    try:
        from google.protobuf.message_factory import GetMessageClass as make
    except ImportError:
        from google.protobuf.message_factory import MessageFactory
        make = MessageFactory(pool).GetPrototype
    return make(pool.FindMessageTypeByName("golden.Event"))


def record(payload):
    def masked(data):
        crc = crc32c(data)
        return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)

    length = struct.pack("<Q", len(payload))
    return length + masked(length) + payload + masked(payload)


def main():
    event_class = messages()
    cases = []
    first = event_class(wall_time=1700000000.25, file_version="brain.Event:2")
    cases.append({"wall_time": 1700000000.25, "record": record(first.SerializeToString()).hex()})
    for step, tag, value in [(1, "restart0/branch0/nll", 7.125), (300, "a", -0.1), (2**40, "\u00e9t\u00e9", 1e-30),
                             (12, "x" * 300, 3.0)]:
        event = event_class(wall_time=1700000001.5, step=step)
        event.summary.value.add(tag=tag, simple_value=value)
        cases.append({"wall_time": 1700000001.5, "step": step, "tag": tag, "value": value,
                      "record": record(event.SerializeToString()).hex()})
    out = {"protobuf": google.protobuf.__version__, "cases": cases}
    pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(out, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
