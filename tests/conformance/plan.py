# SPDX-License-Identifier: Apache-2.0
"""The plan for the program `operations`: entities of the stand-in for parameters that name some, and bodies that refer to
them. The program makes everything else from the tables."""
import json
import pathlib
import re

METHODS = ("get", "post", "put", "patch", "delete", "head", "options")

# Answered by tbproxyd itself.
LOCAL = ("login", "refreshToken", "logout")

# Refused by tbproxyd's default policy if they are about its own user or may be about its own key, as here.
OWN_ACCOUNT = {"deleteApiKey", "enableApiKey", "getActivationLink", "getActivationLinkInfo",
               "setUserCredentialsEnabled", "updateApiKeyDescription"}

# Only for the system administrator; the stand-in must refuse them to the tenant administrator.
SYSTEM_ADMINISTRATOR = {"getTenants"}

# For login and refresh, because "changePassword" invalidates the tokens of the tenant administrator.
CUSTOMER = ("customer@thingsboard.org", "customer")

# Members that a saved entity must not take from a generated instance, because they would name entities that do not exist.
FRESH = dict.fromkeys(("id", "tenantId", "customerId", "deviceProfileId", "assetProfileId", "firmwareId", "softwareId",
                       "externalId", "version", "ownerId", "parentCustomerId", "assigneeId"))

TIME = {"startTs": 1, "endTs": 2000000000000, "startTime": 1, "endTime": 2000000000000}


def read_document(source, edition, version):
    path = pathlib.Path(source) / "gen" / "spec" / ("%s-%s.json" % (edition, version))
    return json.loads(path.read_text(encoding="utf-8"))


def operations(document):
    """(id, method, path, operation), sorted by id like the tables."""
    found = [(operation["operationId"], method.upper(), path, operation)
             for path, methods in document["paths"].items()
             for method, operation in methods.items() if method in METHODS]
    return sorted(found)


def template(path):
    """The regular expression for the paths of requests."""
    return re.compile("".join("[^/]+" if part.startswith("{") else re.escape(part)
                              for part in re.split(r"(\{[^}]*\})", path)) + "$")


def reference(kind, identifier):
    return {"entityType": kind, "id": identifier}


class World:
    """A stand-in with entities for operations. Each operation gets its own, because some delete them."""

    count = 0  # of names, over all instances

    def __init__(self, sim):
        self.sim = sim
        self.user = self.api("GET", "/api/auth/user")

    def api(self, method, target, body=None):
        answer = self.sim.call(method, target, [("X-Authorization", "ApiKey " + self.sim.api_key)], body)
        if answer.status != 200:
            raise AssertionError("%s %s: %r" % (method, target, answer))
        return answer.json() if answer.body else None

    def name(self):
        World.count += 1
        return "entity %d" % World.count

    def save(self, path, **body):
        return self.api("POST", path, body)["id"]["id"]

    def device(self):
        return self.save("/api/device", name=self.name(), type="default")

    def asset(self):
        return self.save("/api/asset", name=self.name(), type="default")

    def customer(self):
        return self.save("/api/customer", title=self.name())

    def dashboard(self):
        return self.save("/api/dashboard", title=self.name())

    def alarm(self):
        return self.save("/api/alarm", type=self.name(), originator={"entityType": "DEVICE", "id": self.device()},
                         severity="MAJOR", acknowledged=False, cleared=False)

    def entity_group(self, kind="DEVICE"):
        return self.save("/api/entityGroup", name=self.name(), type=kind)

    def named_group(self):
        """The name of a new group of devices."""
        return self.api("GET", "/api/entityGroup/" + self.entity_group())["name"]

    def assigned(self, kind):
        """A device or an asset assigned to a customer."""
        identifier = self.device() if kind == "device" else self.asset()
        self.api("POST", "/api/customer/%s/%s/%s" % (self.customer(), kind, identifier))
        return identifier

    def role(self):
        return self.save("/api/role", name=self.name(), type="GROUP", permissions=["READ"])

    def new_user(self):
        return self.save("/api/user", email=self.name() + "@example.com", authority="CUSTOMER_USER",
                         customerId=reference("CUSTOMER", self.customer()))

    def group_permission(self):
        return self.save("/api/groupPermission", **self.group_permission_body())

    def group_permission_body(self):
        return {"userGroupId": reference("ENTITY_GROUP", self.entity_group("USER")), "roleId": reference("ROLE", self.role()),
                "entityGroupId": reference("ENTITY_GROUP", self.entity_group()), "entityGroupType": "DEVICE"}

    def relation(self):
        ends = {"from": {"entityType": "ASSET", "id": self.asset()}, "to": {"entityType": "DEVICE", "id": self.device()}}
        self.api("POST", "/api/relation", {**ends, "type": "Contains", "typeGroup": "COMMON"})
        return ends

    def api_key(self):
        return self.api("POST", "/api/apiKey", {"userId": self.user["id"], "description": "a key", "enabled": True,
                                                "expirationTime": 0})["id"]["id"]

    def post_file(self, target, name):
        """Posts a file as multipart/form-data. Returns the response."""
        body = ("--mark\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n\r\nx\r\n--mark--\r\n"
                % name)
        answer = self.sim.call("POST", target, [("X-Authorization", "ApiKey " + self.sim.api_key),
                                                ("Content-Type", "multipart/form-data; boundary=mark")], body.encode())
        if answer.status != 200:
            raise AssertionError("%s: %r" % (target, answer))
        return answer.json()

    def image(self):
        return self.post_file("/api/image", self.name())

    def ota_package(self):
        identifier = self.save("/api/otaPackage", title=self.name(), type="FIRMWARE", version="1")
        self.post_file("/api/otaPackage/%s?checksumAlgorithm=MD5" % identifier, "file")
        return identifier

    def named(self, path, member="name"):
        """The name of a new entity."""
        name = self.name()
        self.api("POST", path, {member: name, **({"type": "default"} if member == "name" else {})})
        return name


def parameters(world, identifier, operation):
    """Values for the parameters that matter to the stand-in."""
    names = {parameter["name"]: parameter for parameter in operation.get("parameters", ())}
    makers = {
        "deviceId": world.device, "assetId": world.asset, "customerId": world.customer,
        "dashboardId": world.dashboard, "alarmId": world.alarm, "roleId": world.role,
        "entityGroupId": world.entity_group, "userGroupId": lambda: world.entity_group("USER"),
        "userId": lambda: world.user["id"]["id"], "tenantId": lambda: world.user["tenantId"]["id"],
        "assigneeId": lambda: world.user["id"]["id"], "entityId": world.device,
        "deviceIds": lambda: [world.device(), world.device()], "assetIds": lambda: [world.asset()],
        "customerIds": lambda: [world.customer()], "deviceName": lambda: world.named("/api/device"),
        "assetName": lambda: world.named("/api/asset"),
        "customerTitle": lambda: world.named("/api/customer", "title"),
    }
    makers |= {"unassignDeviceFromCustomer": {"deviceId": lambda: world.assigned("device")},
               "unassignAssetFromCustomer": {"assetId": lambda: world.assigned("asset")},
               "deleteUser": {"userId": world.new_user},
               "deleteGroupPermission": {"groupPermissionId": world.group_permission},
               "changeOwnerToCustomer": {"ownerId": world.customer},
               "changeOwnerToTenant": {"ownerId": lambda: world.user["tenantId"]["id"]},
               "getEntityGroupByOwnerAndNameAndType": {"groupType": lambda: "DEVICE", "groupName": world.named_group}}.get(identifier, {})
    values = {name: make() for name, make in makers.items() if name in names}
    if "ownerId" in names and "ownerType" in names:
        values |= {"ownerType": "TENANT", "ownerId": world.user["tenantId"]["id"]}
    if "entityId" in names and "entityType" in names:
        values["entityType"] = "DEVICE"
    if "fromId" in names or "toId" in names:
        ends = world.relation()
        for end in ("from", "to"):
            values |= {end + "Id": ends[end]["id"], end + "Type": ends[end]["entityType"]}
        values |= {"relationType": "Contains", "relationTypeGroup": "COMMON"}
    if "Image" in identifier:
        image = world.image()
        values |= {"type": "tenant", "key": image["resourceKey"], "publicResourceKey": image["publicResourceKey"]}
    if "OtaPackage" in identifier and "otaPackageId" in names:
        values |= {"otaPackageId": world.ota_package(), "checksumAlgorithm": "MURMUR3_32"}  # a checksum that is not verified
    values |= {"page": 0, "pageSize": 10, "limit": 100, "userCredentialsEnabled": True,
               "accessToken": world.name(), **TIME}
    if "ApiKey" in identifier and "id" in names:
        values["id"] = world.api_key()
    return {name: fit(names[name], value) for name, value in values.items() if name in names}


def fit(parameter, value):
    """VALUE with the type that the parameter declares. A list becomes comma-separated text if that is a string."""
    kind = parameter["schema"].get("type")
    if isinstance(value, list) and kind == "string":
        return ",".join(value)
    if isinstance(value, str) and kind == "array":
        return [value]
    return value if not isinstance(value, int) or parameter.get("x-wire-type") == "integer" or kind != "string" else str(value)


def bodies(world, pair):
    """Bodies, or members of bodies, of the operations that the stand-in executes. PAIR: the tokens to refresh."""
    device = {"entityType": "DEVICE", "id": world.device()}
    relation = {"from": device, "to": {"entityType": "DEVICE", "id": world.device()}, "type": "Contains",
                "typeGroup": "COMMON"}
    search = {"parameters": {"rootId": device["id"], "rootType": "DEVICE", "direction": "FROM", "maxLevel": 1,
                             "relationTypeGroup": "COMMON", "fetchLastLevelOnly": False}, "filters": None}
    devices = {"type": "entityType", "entityType": "DEVICE"}
    query = {"entityFilter": devices, "keyFilters": None}
    key = {"type": "ENTITY_FIELD", "key": "name"}
    page = {"pageSize": 10, "page": 0, "sortOrder": {"key": key, "direction": "ASC"}}
    values = json.dumps({"temperature": 20.5})
    return {
        "login": dict(zip(("username", "password"), CUSTOMER)),
        "refreshToken": {"refreshToken": pair["refreshToken"]},
        "changePassword": {"currentPassword": world.sim.password, "newPassword": world.sim.password + "-2"},
        "saveDevice": {**FRESH, "name": world.name(), "type": "default"},
        "saveAsset": {**FRESH, "name": world.name(), "type": "default"},
        "saveCustomer": {**FRESH, "title": world.name()},
        "saveDashboard": {**FRESH, "title": world.name()},
        "saveAlarm": {**FRESH, "type": world.name(), "originator": device},
        "saveEntityGroup": {**FRESH, "name": world.name(), "type": "DEVICE"},
        "saveUser": {**FRESH, "email": world.name() + "@example.com", "authority": "CUSTOMER_USER",
                     "customerId": reference("CUSTOMER", world.customer())},
        "requestResetPasswordByEmail": {"email": CUSTOMER[0]},
        "saveRole": {**FRESH, "name": world.name(), "type": "GROUP"},
        "updateDeviceCredentials": {"deviceId": device, "credentialsId": world.name()},
        "uploadImage": {"imageSubType": "IMAGE"},
        "saveApiKey": {"id": None, "userId": world.user["id"], "expirationTime": 0},
        "addEntitiesToEntityGroup": [device["id"]],
        "removeEntitiesFromEntityGroup": [device["id"]],
        "saveRelation": relation,
        "findEntityRelationsByQuery": search, "findEntityRelationInfosByQuery": search,
        "countEntitiesByQuery": query,
        "findEntityDataByQuery": {**query, "pageLink": page, "entityFields": [key], "latestValues": [key]},
        "findAvailableEntityKeysByQuery": {**query, "pageLink": page},
        "findAvailableEntityKeysByQueryV2": {**query, "pageLink": page},
        "saveEntityTelemetry": values, "saveEntityTelemetryWithTTL": values,
        "saveEntityAttributesV1": values, "saveEntityAttributesV2": values, "saveDeviceAttributes": values,
    }


def text_body(operation):
    """A text body that contains JSON, for operations with a text body."""
    content = operation.get("requestBody", {}).get("content", {})
    return json.dumps({"method": "m", "params": {}, "timeout": 5000}) if "text/plain" in content else None


def make(world, document, refused):
    """Makes the member "operations" of a plan. REFUSED: {operation id: status}."""
    given = bodies(world, world.sim.login(*CUSTOMER))
    plan = {}
    if any(identifier == "saveGroupPermission" for identifier, *_ in operations(document)):  # not in CE
        given["saveGroupPermission"] = {**FRESH, **world.group_permission_body()}
    for identifier, _, _, operation in operations(document):
        body = given.get(identifier, text_body(operation))
        plan[identifier] = {"parameters": parameters(world, identifier, operation),
                            **({"body": body} if body is not None else {}),
                            **({"status": refused[identifier]} if identifier in refused else {})}
    return plan
