# SPDX-License-Identifier: Apache-2.0
"""routes.c: the operations of all documents as one table and one tree of path segments (src/proxy/route/operation.h)."""
import re

from .classes import SETS
from .names import comment, literal

LITERAL = re.compile(r"[A-Za-z0-9._~-]*")  # equal to its canonical form
VARIABLE = re.compile(r"\{[^{}/]+\}")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")  # enum tb_method
RETRIES = {"free": "TB_RETRY_FREE", "stamped": "TB_RETRY_STAMPED", "never": "TB_RETRY_NEVER"}
FLAGS = ("TB_ANONYMOUS", "TB_PAGED", "TB_ASYNCHRONOUS", "TB_CREDENTIAL", "TB_ATTRIBUTE_WRITE",
         "TB_ACTS")
DOCUMENTS_MAX = 8  # bits of operation.editions
DEPTH_MAX = 32     # segments; operation.c recurses for each


class RouteError(ValueError):
    """A path that the tree cannot hold."""


class Row:
    """One operation: its facts, and the documents that have it."""

    def __init__(self, operation, shape):
        self.id, self.tag, self.method, self.path = operation.id, operation.tag, operation.method, operation.path
        self.retry, self.shape = operation.retry, shape
        self.sets, self.condition = set(operation.sets), operation.condition
        self.flags = frozenset(operation.flags) & frozenset(FLAGS)
        self.takes_json = operation.body in ("json", "text")
        self.editions = 0

    def facts(self):
        return self.id, self.tag, self.retry, self.flags, self.condition


class Node:
    def __init__(self, segment):
        self.segment = segment  # None: the root, or a variable
        self.children = {}
        self.variable = None
        self.rows = []
        self.index = self.first_row = 0

    def sorted_children(self):
        return [self.children[name] for name in sorted(self.children, key=str.encode)]


class Texts:
    """One C string that holds each text once. The empty text is at offset 0."""

    def __init__(self):
        self.offsets = {"": 0}
        self.size = 1

    def offset(self, text):
        if text not in self.offsets:
            self.offsets[text] = self.size
            self.size += len(text.encode()) + 1
        return self.offsets[text]

    def lines(self):
        return ['    %s\\0"' % literal(text)[:-1] for text in self.offsets]


def shape_of(path):
    """The segments of a path, with None for a variable, because the names of variables do not matter."""
    if not path.startswith("/"):
        raise RouteError("%s: the path does not start with a slash" % path)
    shape = tuple(None if VARIABLE.fullmatch(segment) else segment for segment in path[1:].split("/"))
    for segment in shape:
        if segment is not None and not LITERAL.fullmatch(segment):
            raise RouteError("%s: the segment %r is neither plain text nor one variable" % (path, segment))
    if "" in shape[:-1] or len(shape) > DEPTH_MAX:
        raise RouteError("%s: an empty segment, or more than %d segments" % (path, DEPTH_MAX))
    return shape


def gather(documents):
    """The rows of all documents. A method and path must be the same operation in all of them."""
    if len(documents) > DOCUMENTS_MAX:
        raise RouteError("more than %d documents" % DOCUMENTS_MAX)
    rows = {}
    for bit, document in enumerate(documents):
        for operation in document.operations:
            if operation.method not in METHODS:
                raise RouteError("%s %s: unknown method" % (operation.method, operation.path))
            shape = shape_of(operation.path)
            row = rows.setdefault((operation.method, shape), Row(operation, shape))
            if Row(operation, shape).facts() != row.facts():
                raise RouteError("%s %s: is %r in one document, but %r in %s %s" % (
                    operation.method, operation.path, row.facts(), Row(operation, shape).facts(), document.edition,
                    document.version))
            row.sets |= set(operation.sets)  # a document may describe less of an answer than another
            row.takes_json &= Row(operation, shape).takes_json
            row.editions |= 1 << bit
    return list(rows.values())


def plant(rows):
    """The tree as a list of its nodes, in which the literal children of a node are next to each other."""
    root = Node(None)
    for row in rows:
        node = root
        for segment in row.shape:
            if segment is None:
                node.variable = node.variable or Node(None)
                node = node.variable
            else:
                node = node.children.setdefault(segment, Node(segment))
        node.rows.append(row)
    nodes = [root]
    for node in nodes:  # the list grows: breadth first
        nodes += node.sorted_children()
        if node.variable:
            nodes.append(node.variable)
    first_row = 0
    for index, node in enumerate(nodes):
        node.index, node.first_row = index, first_row
        node.rows.sort(key=lambda row: METHODS.index(row.method))
        first_row += len(node.rows)
    if len(nodes) > 0xffff or first_row > 0xffff:
        raise RouteError("more than 65535 operations or places in the tree")
    return nodes


def operation_lines(nodes, texts):
    for node in nodes:
        for row in node.rows:
            yield "    {%d, %d, %d, 0x%02x, TB_%s, %s, %s, %s, %s, %d}, /* %s %s: %s */" % (
                texts.offset(row.id), texts.offset(row.tag), texts.offset(row.path), row.editions, row.method,
                RETRIES[row.retry], " | ".join(flag for flag in FLAGS if flag in row.flags) or "0",
                " | ".join("SET_" + one.upper() for one in SETS if one in row.sets),
                "CONDITION_" + row.condition.upper(), int(row.takes_json), row.method,
                comment(row.path), row.id)


def node_lines(nodes, texts):
    for node in nodes:
        children = node.sorted_children()
        yield "    {%d, %d, %d, %d, %d, %d}," % (
            texts.offset(node.segment or ""), children[0].index if children else 0, len(children),
            node.variable.index if node.variable else 0, node.first_row, len(node.rows))


def text_of_routes(documents):
    """The text of routes.c. DOCUMENTS: objects with edition, version and operations, which have id, tag, method ("GET"),
    path, retry ("free", "stamped", "never"), flags (names of the bits in FLAGS), sets, condition (classes.py)
    and body ("none", "json", "text", "multipart")."""
    nodes = plant(gather(documents))
    texts = Texts()
    operations = list(operation_lines(nodes, texts))
    places = list(node_lines(nodes, texts))
    lines = ["/* SPDX-License-Identifier: Apache-2.0 */", "/* Generated by gen/tbgen. */",
             '#include "proxy/route/operation.h"', "",
             "const struct operation_document operation_documents[] = {",
             *('    {"%s", "%s"},' % (document.edition, document.version) for document in documents), "};",
             "const size_t operation_document_count = %d;" % len(documents), "",
             "const struct operation operations[] = {", *operations, "};",
             "const size_t operation_count = %d;" % len(operations), "",
             "const struct operation_node operation_nodes[] = {", *places, "};", "",
             "const char operation_texts[] =", *texts.lines(), "    ;", ""]
    return "\n".join(lines)
