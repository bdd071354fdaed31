# SPDX-License-Identifier: Apache-2.0
"""Create a device, push a telemetry value, clean up."""
import json

from tb_ce_client.models import Device


def run(client, name):
    saved = client.save_device(Device(name=name, type="default"))
    device_id = str(saved.id.id)
    client.save_entity_telemetry(entity_type="DEVICE", entity_id=device_id, scope="ANY",
                                 body=json.dumps({"temperature": 22.4}))
    assert saved.name == name
    client.delete_device(device_id=device_id)


def who_am_i(client, name):
    assert client.get_user().email == "tenant@thingsboard.org"
