"""Evaluates expressions to what is known of their value."""

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from misrun.tools.code.names import names
from misrun.tools.code.project_model import Class, Function, Project
from misrun.tools.code.scope import Scope
from misrun.tools.code.source import SourceFile
from misrun.tools.code.torch_api import CONSTANT_OPS, LAYERS, LOSSES, OPTIMIZERS, SCHEDULERS
from misrun.tools.code.trace import Event, Frame
from misrun.tools.code.values import OBJECT_KINDS, Kind, Site, Value, alternatives, constant, join, join_all
from misrun.tools.code.walking import children, walk

_STAR_NAMES = {**dict.fromkeys((*LAYERS, *LOSSES), "torch.nn"), **dict.fromkeys(OPTIMIZERS | SCHEDULERS, "torch.optim")}
_BINARY: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.MatMult: "matmul",
    ast.Mod: "mod", ast.FloorDiv: "floordiv",
}  # fmt: skip
_FOLD: dict[str, Callable[[float, float], float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
}
# Reductions that return (values, indices) when they are unpacked.
_PAIRS = names("max min topk sort")
# More writes into one array than this do not occur in hand-written code; the bound keeps the values small.
MOST_WRITES = 20
BUILTINS = names(
    "enumerate zip sum len range filter list tuple iter next super isinstance getattr setattr max min print float int"
    " sorted reversed map dict set abs round"
)


@dataclass
class Expressions(ABC):
    """`inlined` counts how often each function was followed in this root; `reached` holds the ids of those followed at
    all; `nested` functions are followed only where they are called; `replay` keeps the objects of a first pass."""

    project: Project
    frame: Frame = field(default_factory=lambda: Frame("root", ast.Module([], [])))
    events: list[Event] = field(default_factory=list)
    inlined: dict[int, int] = field(default_factory=dict)
    reached: set[int] = field(default_factory=set)
    nested: set[int] = field(default_factory=set)
    class_values: dict[int, Value] = field(default_factory=dict)
    replay: dict[tuple[int, ...], Value] | None = None
    _stored: dict[int, frozenset[str]] = field(default_factory=dict)
    _changing: frozenset[str] | None = None

    @abstractmethod
    def call(self, node: ast.Call, scope: Scope) -> Value: ...

    @abstractmethod
    def call_function(
        self, function: Value, args: list[Value], kwargs: Mapping[str, Value], node: ast.AST
    ) -> Value: ...

    @abstractmethod
    def module_scope(self, file: SourceFile) -> Scope: ...

    @contextmanager
    def entered(self, frame: Frame) -> Iterator[None]:
        outer, self.frame = self.frame, frame
        try:
            yield
        finally:
            self.frame = outer

    def record(
        self,
        op: str,
        node: ast.AST,
        scope: Scope,
        *,
        args: tuple[Value, ...] = (),
        kwargs: Mapping[str, Value] | None = None,
        receiver: Value | None = None,
        callee: Value | None = None,
        result: Value | None = None,
    ) -> Event:
        event = Event(len(self.events), op, node, scope.file, self.frame, args, kwargs or {}, receiver, callee)
        event.result = result if result is not None else Value(op=op, inputs=args, site=Site(scope.file, node))
        self.events.append(event)
        return event

    def evaluate(self, node: ast.expr, scope: Scope) -> Value:
        handler = _EXPRESSIONS.get(type(node))
        return handler(self, node, scope) if handler else self._other(node, scope)

    def _other(self, node: ast.expr, scope: Scope) -> Value:
        """A construct without a meaning of its own here: its parts are followed."""
        parts = tuple(self.evaluate(n, scope) for n in children(node) if isinstance(n, ast.expr))
        return Value(op="other", inputs=parts, site=Site(scope.file, node))

    def _constant(self, node: ast.Constant, scope: Scope) -> Value:
        return constant(node.value, Site(scope.file, node))

    def _name(self, node: ast.Name, scope: Scope) -> Value:
        found = scope.find(node.id)
        if found is not None:
            return found
        if node.id in BUILTINS:
            return Value(kind="lib", path=f"builtins.{node.id}", name=node.id)
        if node.id in _STAR_NAMES and scope.star_libraries():
            return Value(kind="lib", path=f"{_STAR_NAMES[node.id]}.{node.id}", name=node.id)
        value = Value(name=node.id, op="name", site=Site(scope.file, node))
        scope.variables[node.id] = value
        return value

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Value:
        return self.attribute(self.evaluate(node.value, scope), node.attr, node, scope)

    def attribute(self, base: Value, name: str, node: ast.AST, scope: Scope) -> Value:
        """The attribute as set, as defined by the class, or a new unknown that stays the same on the next look."""
        if base.op == "join" and base.kind in OBJECT_KINDS:
            values = [self.attribute(a, name, node, scope) for a in base.inputs if a.kind in OBJECT_KINDS]
            return join_all(values)
        if name in base.attrs:
            return base.attrs[name]
        if base.kind == "mapping" and name in base.kwargs:
            return base.kwargs[name]
        if base.kind == "lib":
            return self._library_attribute(base, name, scope)
        found = self._class_attribute(base, name, node)
        if found is None:
            kept = base.kind == "tensor" and name in ("T", "mT", "data", "shape", "grad", "real", "H")
            found = Value(
                kind="tensor" if kept and name != "shape" else "unknown",
                op=name if kept else "attr",
                name=f"{base.name}.{name}" if base.name else name,
                inputs=(base,),
                site=Site(scope.file, node),
            )
            if not kept:
                base.attrs[name] = found
        return found

    def _library_attribute(self, base: Value, name: str, scope: Scope) -> Value:
        path = f"{base.path}.{name}"
        file = base.scope if isinstance(base.scope, SourceFile) else None
        if file is not None or self.project.find_module(path, scope.file) is not None:
            return self.member(base.path, file, name, scope.file)
        return Value(kind="lib", path=path, name=path)

    def member(self, module: str, file: SourceFile | None, name: str, importer: SourceFile) -> Value:
        """What `from module import name` binds."""
        inner = self.project.find_module(f"{module}.{name}", importer)
        if file is not None and file is not importer:
            found = self.module_scope(file).variables.get(name)
            if found is not None and not (found.op == "name" and inner):
                return found
        if inner is not None:
            return Value(kind="lib", path=f"{module}.{name}", name=name, scope=inner)
        if file is not None:
            return Value(name=name, op="name")
        return Value(kind="lib", path=f"{module}.{name}", name=name)

    def _class_attribute(self, base: Value, name: str, node: ast.AST) -> Value | None:
        cls = base.definition if base.kind not in ("function", "super") else None
        if base.kind == "super" and isinstance(base.definition, Class):
            return self.find_in_class(base.definition, name, base.inputs[0], node, skip_first=True)
        if not isinstance(cls, Class):
            return None
        return self.find_in_class(cls, name, None if base.kind == "class" else base, node)

    def find_in_class(
        self, cls: Class, name: str, this: Value | None, node: ast.AST, *, skip_first: bool = False
    ) -> Value | None:
        """A method bound to `this`, a property's value or a class variable, looked up along the bases."""
        for index, current in enumerate(self.bases_of(cls)):
            if index == 0 and skip_first:
                continue
            if name in current.methods:
                return self._method(current.methods[name], this, node)
            value = self.class_values.get(id(current.node))
            if value is not None and name in value.attrs:
                return value.attrs[name]
        return None

    def _method(self, method: Function, this: Value | None, node: ast.AST) -> Value:
        scope = self.module_scope(method.file)
        bound = () if this is None or method.has_decorator("staticmethod") else (this,)
        value = Value(kind="function", name=method.name, definition=method, scope=scope, inputs=bound)
        if this is not None and method.has_decorator("property", "cached_property"):
            return self.call_function(value, [], {}, node)
        return value

    def bases_of(self, cls: Class) -> list[Class]:
        """The class and its project bases, depth first."""
        found: list[Class] = []
        stack = [cls]
        while stack:
            current = stack.pop()
            if current in found:
                continue
            found.append(current)
            value = self.class_values.get(id(current.node))
            stack += [b.definition for b in reversed(value.inputs if value else ()) if isinstance(b.definition, Class)]
        return found

    def library_bases(self, cls: Class) -> list[str]:
        """Dotted names (or, where unresolved, the written names) of the library classes it derives from."""
        found = []
        for current in self.bases_of(cls):
            value = self.class_values.get(id(current.node))
            found += [b.path or b.name for b in (value.inputs if value else ()) if not isinstance(b.definition, Class)]
        return found

    def _tuple(self, node: ast.Tuple | ast.List | ast.Set, scope: Scope) -> Value:
        items = [self.evaluate(e, scope) for e in node.elts]
        starred = any(isinstance(e, ast.Starred) for e in node.elts)
        site = Site(scope.file, node)
        if starred:
            return Value(op="sequence", inputs=tuple(items), site=site)
        return Value(kind="sequence", op="list" if isinstance(node, ast.List) else "tuple", items=items, site=site)

    def _dict(self, node: ast.Dict, scope: Scope) -> Value:
        keys = [self.evaluate(k, scope) if k is not None else None for k in node.keys]
        values = [self.evaluate(v, scope) for v in node.values]
        attrs = {k.const: v for k, v in zip(keys, values, strict=True) if k is not None and isinstance(k.const, str)}
        result = Value(kind="mapping", items=values, site=Site(scope.file, node))
        result.kwargs = attrs
        return result

    def _binary(self, node: ast.BinOp, scope: Scope) -> Value:
        left, right = self.evaluate(node.left, scope), self.evaluate(node.right, scope)
        return self.binary(_BINARY.get(type(node.op), "binary"), left, right, node, scope)

    def binary(self, op: str, left: Value, right: Value, node: ast.AST, scope: Scope) -> Value:
        site = Site(scope.file, node)
        if op in _FOLD and isinstance(left.const, int | float) and isinstance(right.const, int | float):
            try:
                return constant(_FOLD[op](left.const, right.const), site)
            except (ZeroDivisionError, OverflowError):
                return Value(op=op, inputs=(left, right), site=site)
        if op == "add" and left.kind == right.kind == "sequence" and left.items is not None and right.items is not None:
            return Value(kind="sequence", op="grown", items=[*left.items, *right.items], site=site)
        kind = "tensor" if "tensor" in (left.kind, right.kind) else "unknown"
        result = Value(kind=kind, op=op, inputs=(left, right), site=site)  # type: ignore[arg-type]
        if op == "div" and isinstance(node, ast.BinOp):
            self.record(op, node, scope, args=(left, right), result=result)
        return result

    def _unary(self, node: ast.UnaryOp, scope: Scope) -> Value:
        value = self.evaluate(node.operand, scope)
        site = Site(scope.file, node)
        if value.kind == "const" and isinstance(value.const, bool | int | float | str | None):
            if isinstance(node.op, ast.Not):
                return constant(not value.const, site)
            if isinstance(node.op, ast.USub) and isinstance(value.const, int | float):
                return constant(-value.const, site)
        op = {ast.USub: "neg", ast.Not: "not", ast.Invert: "invert"}.get(type(node.op), "pos")
        kind = "tensor" if value.kind == "tensor" and op == "neg" else "unknown"
        return Value(kind=kind, op=op, inputs=(value,), site=site)  # type: ignore[arg-type]

    def _compare(self, node: ast.Compare, scope: Scope) -> Value:
        left = self.evaluate(node.left, scope)
        rights = [self.evaluate(c, scope) for c in node.comparators]
        kind: Kind = "tensor" if any(v.kind == "tensor" for v in (left, *rights)) else "unknown"
        result = Value(kind=kind, op="compare", inputs=(left, *rights), site=Site(scope.file, node))
        if len(rights) == 1:
            folded = _fold_compare(node.ops[0], left, rights[0])
            if folded is not None:
                return constant(folded, result.site)
        return result

    def _boolean(self, node: ast.BoolOp, scope: Scope) -> Value:
        values = [self.evaluate(v, scope) for v in node.values]
        is_and = isinstance(node.op, ast.And)
        truths = [self.truth(v, n) for v, n in zip(values, node.values, strict=True)]
        if any(t is not None and t is not is_and for t in truths):
            return constant(not is_and)
        if all(t is is_and for t in truths):
            return values[-1]
        return Value(op="bool", inputs=tuple(values), site=Site(scope.file, node))

    def truth(self, value: Value, node: ast.expr) -> bool | None:
        """Whether a test is known to be true; None when it depends on what the code does not say.

        Attributes that are assigned outside `__init__` anywhere in the project are state, hence not known.
        """
        if value.kind == "const" and not any(
            isinstance(n, ast.Attribute) and n.attr in self.changing_attributes() for n in walk(node)
        ):
            return bool(value.const)
        if value.kind in ("function", "class"):
            return True
        return None

    def changing_attributes(self) -> frozenset[str]:
        if self._changing is None:
            self._changing = frozenset(_attributes_set_outside_init(self.project))
        return self._changing

    def stored_names(self, loop: ast.AST) -> frozenset[str]:
        if id(loop) not in self._stored:
            names = (n.id for n in walk(loop) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
            self._stored[id(loop)] = frozenset(names)
        return self._stored[id(loop)]

    def _conditional(self, node: ast.IfExp, scope: Scope) -> Value:
        test = self.evaluate(node.test, scope)
        truth = self.truth(test, node.test)
        if truth is not None:
            return self.evaluate(node.body if truth else node.orelse, scope)
        with self.entered(Frame("branch", node, self.frame, "then")):
            one = self.evaluate(node.body, scope)
        with self.entered(Frame("branch", node, self.frame, "else")):
            return join(one, self.evaluate(node.orelse, scope))

    def _subscript(self, node: ast.Subscript, scope: Scope) -> Value:
        base, index = self.evaluate(node.value, scope), self.evaluate(node.slice, scope)
        result = self.index(base, index, Site(scope.file, node))
        if index.op == "slice_index":
            self.record("slice", node, scope, args=(base, index), result=result)
        return result

    def index(self, base: Value, index: Value, site: Site) -> Value:
        if base.op in _PAIRS and type(index.const) is int:
            return self.unpacked(base, index.const, 2, site)
        parts = _parts_of(base)
        if parts is not None and type(index.const) is int and -len(parts) <= index.const < len(parts):
            return parts[index.const]
        if base.kind == "mapping" and isinstance(index.const, str) and index.const in base.kwargs:
            return base.kwargs[index.const]
        choices = base.items or [] if base.kind == "mapping" and index.kind != "const" else []
        if choices and all(v.kind in ("lib", "function", "class") for v in choices):
            return join_all(list(choices))  # a table of constructors
        layers = layers_in(base)
        if layers:
            named = base.args[0].kwargs.get(str(index.const)) if base.args else None
            return named if named is not None else join_all(layers)
        if isinstance(index.const, str | int) and base.kind != "tensor":
            key = f"[{index.const!r}]"
            if key not in base.attrs:
                base.attrs[key] = Value(op="element", const=None, name=f"{base.name}{key}", inputs=(base,), site=site)
            return base.attrs[key]
        kind = "tensor" if base.kind == "tensor" else "unknown"
        return Value(kind=kind, op="index", inputs=(base,), args=(index,), site=site)  # type: ignore[arg-type]

    def _slice(self, node: ast.Slice, scope: Scope) -> Value:
        parts = [self.evaluate(part, scope) if part else None for part in (node.lower, node.upper, node.step)]
        bounds = {n: v for n, v in zip(("lower", "upper", "step"), parts, strict=True) if v is not None}
        return Value(op="slice_index", kwargs=bounds, site=Site(scope.file, node))

    def _lambda(self, node: ast.Lambda, scope: Scope) -> Value:
        return Value(kind="function", name="lambda", definition=Function("lambda", node, scope.file), scope=scope)

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, scope: Scope) -> Value:
        inner = Scope(scope.file, parent=scope, function=scope.function)
        outer, over = self.frame, []
        for part in node.generators:
            iterated = self.evaluate(part.iter, inner)
            over.append(iterated)
            self.frame = Frame("loop", node, self.frame, "comprehension", iterated)
            self.bind(part.target, self.element_of(iterated, node), inner)
            tests = [self.evaluate(test, inner) for test in part.ifs]
            over += tests
        elements = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        results = [self.evaluate(element, inner) for element in elements]
        self.frame = outer
        return Value(op="comprehension", inputs=(results[-1], *over), site=Site(scope.file, node))

    def _named(self, node: ast.NamedExpr, scope: Scope) -> Value:
        value = self.evaluate(node.value, scope)
        self.bind(node.target, value, scope)
        return value

    def _starred(self, node: ast.Starred, scope: Scope) -> Value:
        value = self.evaluate(node.value, scope)
        return Value(op="starred", inputs=(value,), items=value.items, site=Site(scope.file, node))

    def _await(self, node: ast.Await, scope: Scope) -> Value:
        return self.evaluate(node.value, scope)

    def _yield(self, node: ast.Yield | ast.YieldFrom, scope: Scope) -> Value:
        if node.value is not None:
            scope.yields.append(self.evaluate(node.value, scope))
        return Value(op="sent")

    def element_of(self, iterated: Value, node: ast.AST) -> Value:
        """What one pass of a loop over the value gets."""
        if iterated.op == "enumerate" and iterated.inputs:
            counter = Value(op="counter", name="index", inputs=iterated.inputs)
            return Value(kind="sequence", items=[counter, self.element_of(iterated.inputs[0], node)])
        if iterated.op == "zip":
            return Value(kind="sequence", items=[self.element_of(v, node) for v in iterated.inputs])
        if iterated.op in ("generator", "comprehension") and iterated.inputs:
            return iterated.inputs[0]
        if iterated.kind == "sequence" and iterated.items:
            return join_all(iterated.items)
        layers = layers_in(iterated)
        if layers and iterated.class_name != "ModuleDict":
            return join_all(layers)
        if iterated.kind == "loader" and iterated.op != "join":
            return self.batch_of(iterated, node)
        op = "batch" if iterated.kind == "loader" else "element"
        return Value(op=op, inputs=(iterated,), name=iterated.name, site=iterated.site)

    def batch_of(self, loader: Value, node: ast.AST) -> Value:
        """A batch: one collated value per item of a sample where the data set's code or construction shows them."""
        site = loader.site
        whole = Value(op="batch", inputs=(loader,), name=loader.name, site=site)
        dataset = loader.argument(0, "dataset")
        sample = self.sample_of(dataset, node) if dataset is not None else None
        if "collate_fn" in loader.kwargs:
            return self._collated_by(loader, sample or Value(op="sample", inputs=(loader,)), node) or whole
        if sample is None or sample.items is None:
            return whole
        if sample.kind == "mapping":
            fields = {k: self._collated(v, whole, site) for k, v in sample.kwargs.items()}
            return Value(
                kind="mapping", op="batch", inputs=(loader,), items=list(fields.values()), kwargs=fields, site=site
            )
        items = [self._collated(item, whole, site) for item in sample.items]
        return Value(kind="sequence", op="batch", inputs=(loader,), items=items, site=site)

    def _collated_by(self, loader: Value, sample: Value, node: ast.AST) -> Value | None:
        """What the project's own collate function makes of a list of samples; None when it is not seen."""
        if "<batch>" not in loader.attrs:
            collate = loader.kwargs["collate_fn"]
            samples = Value(op="comprehension", name="samples", inputs=(sample, loader))
            if isinstance(collate.definition, Class) and collate.kind != "class":
                collate = self.find_in_class(collate.definition, "__call__", collate, node) or collate
            made = self.call_function(collate, [samples], {}, node) if collate.kind == "function" else Value()
            loader.attrs["<batch>"] = made
        made = loader.attrs["<batch>"]
        return made if made.kind in ("sequence", "mapping") and made.items is not None else None

    def _collated(self, item: Value, whole: Value, site: Site | None) -> Value:
        return Value(kind="tensor", op="collated", inputs=(item, whole), site=item.site or site)

    def sample_of(self, dataset: Value, node: ast.AST) -> Value | None:
        """What `dataset[i]` gives; None when that is not seen."""
        if "<sample>" not in dataset.attrs:
            dataset.attrs["<sample>"] = self._read_sample(dataset, node) or Value(op="sample")
        sample = dataset.attrs["<sample>"]
        return None if sample.op == "sample" else sample

    def _read_sample(self, dataset: Value, node: ast.AST) -> Value | None:
        if dataset.class_name == "TensorDataset" and not isinstance(dataset.definition, Class):
            index = Value(op="sample_index")
            rows = [Value(kind="tensor", op="row", inputs=(a,), args=(index,), site=a.site) for a in dataset.args]
            return Value(kind="sequence", op="tuple", items=rows)
        if dataset.op == "comprehension" and dataset.inputs:
            return dataset.inputs[0]
        if dataset.class_name == "Subset" and dataset.args:
            return self.sample_of(dataset.args[0], node)
        if dataset.op == "element" and dataset.inputs and dataset.inputs[0].op == "random_split":
            return self.sample_of(dataset.inputs[0].inputs[0], node)
        if isinstance(dataset.definition, Class) and dataset.op != "join":
            method = self.find_in_class(dataset.definition, "__getitem__", dataset, node)
            if method is not None and method.kind == "function":
                return self.call_function(method, [Value(op="sample_index", name="index")], {}, node)
        return None

    # --- binding ----------------------------------------------------------------------------------------------------

    def bind(self, target: ast.expr, value: Value, scope: Scope) -> None:
        if isinstance(target, ast.Name):
            scope.variables[target.id] = value
        elif isinstance(target, ast.Tuple | ast.List):
            self._bind_items(target.elts, value, scope)
        elif isinstance(target, ast.Attribute):
            self.set_attribute(self.evaluate(target.value, scope), target.attr, value, target, scope)
        elif isinstance(target, ast.Subscript):
            base, index = self.evaluate(target.value, scope), self.evaluate(target.slice, scope)
            if base.kind == "mapping" and isinstance(index.const, str):
                base.kwargs = {**base.kwargs, index.const: value}
            elif isinstance(index.const, str | int):
                base.attrs[f"[{index.const!r}]"] = value
            self.fill(base, value)
            self.record("set[]", target, scope, args=(index, value), receiver=base)
        elif isinstance(target, ast.Starred):
            self.bind(target.value, Value(op="starred", inputs=(value,)), scope)

    def fill(self, base: Value, value: Value) -> None:
        """`out[i] = value`: an array made empty depends on what is written into it."""
        if base.op in CONSTANT_OPS and value.kind != "const" and len(base.inputs) < MOST_WRITES:
            base.inputs = (*base.inputs, value)

    def _bind_items(self, targets: list[ast.expr], value: Value, scope: Scope) -> None:
        for index, target in enumerate(targets):
            self.bind(target, self.unpacked(value, index, len(targets), Site(scope.file, target)), scope)

    def unpacked(self, value: Value, index: int, count: int, site: Site) -> Value:
        """Item `index` of `count` when the value is unpacked."""
        if value.items is not None and value.kind == "sequence" and len(value.items) == count:
            return value.items[index]
        if value.op == "zip" and len(value.inputs) == 1 and value.inputs[0].op == "starred":
            return self._column(value.inputs[0].inputs[0], index, site)
        if value.op in _PAIRS:
            op = "argmax" if index else "max"
            return Value(kind="tensor", op=op, inputs=value.inputs, args=value.args, site=value.site)
        leaves = alternatives(value)
        if len(leaves) > 1 and all(v.kind == "sequence" and v.items and len(v.items) == count for v in leaves):
            return join_all([self.unpacked(v, index, count, site) for v in leaves])
        return Value(op="element", args=(constant(index),), inputs=(value,), name=f"{value.name}[{index}]", site=site)

    def _column(self, samples: Value, index: int, site: Site) -> Value:
        """Item `index` of every sample: `xs, ys = zip(*samples)`."""
        sample = self.element_of(samples, site.node)
        item = self.index(sample, constant(index, site), site)
        return Value(op="comprehension", inputs=(item, samples), site=site)

    def set_attribute(self, base: Value, name: str, value: Value, node: ast.AST, scope: Scope) -> None:
        self.record(f"set.{name}", node, scope, args=(value,), receiver=base)
        old = base.attrs.get(name)
        conditional = any(f.kind == "branch" for f in self.frame.chain())
        for leaf in alternatives(base):
            leaf.attrs[name] = join(old, value) if conditional and old is not None and old.op != "attr" else value


def layers_in(container: Value) -> list[Value]:
    """The layers of a ModuleList or ModuleDict; each pass of a comprehension or loop that fills it stands for all."""
    if container.kind != "module" or container.class_name not in ("ModuleList", "ModuleDict"):
        return []
    given = container.args[0] if container.args else Value()
    built = given.inputs[:1] if given.op == "comprehension" else tuple(given.items or ())
    return [v for v in (*built, *(container.items or ())) if v.kind == "module"]


def _parts_of(base: Value) -> list[Value] | None:
    """What an integer indexes: the items of a literal sequence, the layers of a Sequential."""
    if base.kind == "sequence":
        return base.items
    return list(base.args) if base.kind == "module" and base.class_name == "Sequential" else None


def _fold_compare(op: ast.cmpop, left: Value, right: Value) -> bool | None:
    if isinstance(op, ast.In | ast.NotIn) and left.kind == "const" and right.kind == "sequence" and right.items:
        if all(i.kind == "const" for i in right.items):
            return any(i.const == left.const for i in right.items) == isinstance(op, ast.In)
        return None
    built = left.kind in OBJECT_KINDS and left.op != "join"
    if isinstance(op, ast.Is | ast.IsNot) and built and right.kind == "const" and right.const is None:
        return isinstance(op, ast.IsNot)
    if left.kind != "const" or right.kind != "const":
        return None
    if isinstance(op, ast.Eq | ast.Is):
        return bool(left.const == right.const)
    if isinstance(op, ast.NotEq | ast.IsNot):
        return bool(left.const != right.const)
    return _fold_order(op, left.const, right.const)


def _fold_order(op: ast.cmpop, left: object, right: object) -> bool | None:
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        return None
    if isinstance(op, ast.Lt | ast.LtE):
        return left < right or (isinstance(op, ast.LtE) and left == right)
    if isinstance(op, ast.Gt | ast.GtE):
        return left > right or (isinstance(op, ast.GtE) and left == right)
    return None


def _attributes_set_outside_init(project: Project) -> Iterator[str]:
    for function in project.functions.values():
        if function.name == "__init__":
            continue
        for node in walk(function.node):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                yield node.attr
    for file in project.files:
        for statement in file.tree.body:
            if not isinstance(statement, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                yield from (
                    n.attr for n in walk(statement) if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store)
                )


_EXPRESSIONS: dict[type[ast.expr], Callable[..., Value]] = {
    ast.Constant: Expressions._constant,
    ast.Name: Expressions._name,
    ast.Attribute: Expressions._attribute,
    ast.Call: lambda self, node, scope: self.call(node, scope),
    ast.Tuple: Expressions._tuple,
    ast.List: Expressions._tuple,
    ast.Set: Expressions._tuple,
    ast.Dict: Expressions._dict,
    ast.BinOp: Expressions._binary,
    ast.UnaryOp: Expressions._unary,
    ast.Compare: Expressions._compare,
    ast.BoolOp: Expressions._boolean,
    ast.IfExp: Expressions._conditional,
    ast.Subscript: Expressions._subscript,
    ast.Slice: Expressions._slice,
    ast.Lambda: Expressions._lambda,
    ast.ListComp: Expressions._comprehension,
    ast.SetComp: Expressions._comprehension,
    ast.GeneratorExp: Expressions._comprehension,
    ast.DictComp: Expressions._comprehension,
    ast.NamedExpr: Expressions._named,
    ast.Starred: Expressions._starred,
    ast.Await: Expressions._await,
    ast.Yield: Expressions._yield,
    ast.YieldFrom: Expressions._yield,
}
