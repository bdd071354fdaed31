# SPDX-License-Identifier: Apache-2.0
"""An error response raises the exception of its status, with the server's body."""
import json

from tb_ce_client.exceptions import ApiException, NotFoundException
from tb_ce_client.models import Device


def run(client, name):
    missing = "784f394c-42b6-435a-983c-b7beff2784f9"
    try:
        client.get_device_by_id(device_id=missing)
    except NotFoundException as error:
        body = json.loads(error.body)
        assert (error.status, body["status"], body["errorCode"]) == (404, 404, 32), body
        assert missing in body["message"]
    else:
        raise AssertionError("no exception")

    saved = client.save_device(Device(name=name, type="default"))
    try:
        client.save_device(Device(name=name, type="default"))  # the name is taken
    except ApiException as error:
        assert (error.status, json.loads(error.body)["errorCode"]) == (400, 31), error.body
    else:
        raise AssertionError("no exception")
    client.delete_device(device_id=str(saved.id.id))
