"""What a call does: project functions are followed, library functions mean what torch_api says, others stay unknown."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from misrun.tools.code.configuration import configuration_files, is_reader, read_setting_file
from misrun.tools.code.expressions import Expressions, layers_in
from misrun.tools.code.names import names
from misrun.tools.code.project_model import Class, Function, last_name
from misrun.tools.code.scope import Scope
from misrun.tools.code.torch_api import (
    CONSTANT_OPS,
    DATASET_BASES,
    LAYERS,
    LOSSES,
    MODULE_BASES,
    NO_GRAD,
    TENSOR_OPS,
    WRAPPERS,
    kind_of_library_class,
)
from misrun.tools.code.trace import Frame
from misrun.tools.code.values import OBJECT_KINDS, Kind, Site, Value, alternatives, constant, join_all

# Call chains of training code (main > fit > train_epoch > step > forward > block > ...) stay below this.
MAX_DEPTH = 14
# How often one function is followed per root and in all; further calls give an unknown value. This bounds the work on
# code whose call graph branches (measured: benchmarks/inspect_speed.py).
PER_ROOT = 5
IN_ALL = 30
CLIPPING = names("clip_grad_norm_ clip_grad_value_ clip_grad_norm clip_grad_value")
# Methods that give back the object they are called on.
_SELF_METHODS = names(
    "to cuda cpu float half double bfloat16 train eval requires_grad_ apply share_memory pin_memory type xpu"
)


@dataclass(frozen=True, slots=True)
class MethodCall:
    """`receiver.name(*args, **kwargs)`, written at `node`."""

    receiver: Value
    name: str
    args: list[Value]
    kwargs: Mapping[str, Value]
    node: ast.AST
    scope: Scope


@dataclass
class CallEvaluator(Expressions):
    """`depth` counts the calls we are in; `following` their functions; `followed` how often each was followed."""

    depth: int = 0
    following: list[int] = field(default_factory=list)
    settings_files: dict[Path, dict[str, object]] | None = None
    followed: dict[int, int] = field(default_factory=dict)

    def call(self, node: ast.Call, scope: Scope) -> Value:
        func = node.func
        if not isinstance(func, ast.Attribute):
            callee = self.evaluate(func, scope)
            args, kwargs = self._arguments(node, scope)
            return self.apply(callee, args, kwargs, node, scope)
        receiver = self.evaluate(func.value, scope)
        args, kwargs = self._arguments(node, scope)
        return self._call_member(receiver, func.attr, args, kwargs, node, scope)

    def _call_member(
        self, receiver: Value, name: str, args: list[Value], kwargs: dict[str, Value], node: ast.Call, scope: Scope
    ) -> Value:
        if receiver.op == "join" and receiver.kind in OBJECT_KINDS and receiver.kind == "module" and name == "forward":
            return self.apply(receiver, args, kwargs, node, scope)
        callee = self._member_callee(receiver, name, node, scope)
        if callee is not None:
            return self.apply(callee, args, kwargs, node, scope)
        return self.method(MethodCall(receiver, name, args, kwargs, node, scope))

    def _member_callee(self, receiver: Value, name: str, node: ast.Call, scope: Scope) -> Value | None:
        """The callable behind `receiver.name` when the code defines it; None for a method of a library object."""
        if receiver.kind == "lib":
            return self.attribute(receiver, name, node, scope)
        known = receiver.attrs.get(name)
        if known is not None and known.op != "attr":
            return known
        if receiver.op == "join" and receiver.kind == "object":
            found = self.attribute(receiver, name, node, scope)
            return found if found.kind == "function" or found.kind in OBJECT_KINDS else None
        return self._class_attribute(receiver, name, node) if receiver.kind != "optimizer" else None

    def _arguments(self, node: ast.Call, scope: Scope) -> tuple[list[Value], dict[str, Value]]:
        args: list[Value] = []
        for arg in node.args:
            value = self.evaluate(arg, scope)
            if value.op == "starred" and value.items is None and value.inputs[0].op == "comprehension":
                value = value.inputs[0].inputs[0]  # one pass stands for all
            args += value.items if value.op == "starred" and value.items is not None else [value]
        kwargs: dict[str, Value] = {}
        for keyword in node.keywords:
            value = self.evaluate(keyword.value, scope)
            if keyword.arg is not None:
                kwargs[keyword.arg] = value
            elif value.kind == "mapping":
                kwargs.update(value.kwargs)
            else:
                kwargs["**"] = value
        return args, kwargs

    def apply(
        self, callee: Value, args: list[Value], kwargs: Mapping[str, Value], node: ast.AST, scope: Scope
    ) -> Value:
        if callee.op == "join" and callee.kind in ("module", "loss", "object", "function", "lib"):
            results = [self.apply(a, args, kwargs, node, scope) for a in callee.inputs[:3]]
            return join_all(results)
        if callee.kind == "function":
            return self.call_function(callee, args, kwargs, node, scope)
        if callee.kind == "class" and isinstance(callee.definition, Class):
            return self._construct_own(callee.definition, args, kwargs, node, scope)
        if callee.kind == "lib":
            return self._call_library(callee.path, args, kwargs, node, scope)
        replaced = _replaced_forward(callee)
        if replaced is not None:
            return self.call_function(replaced, args, kwargs, node, scope)
        if callee.kind in ("module", "loss", "object", "dataset"):
            return self._call_object(callee, args, kwargs, node, scope)
        return self._unknown_call(callee, callee.name, args, kwargs, node, scope)

    def _unknown_call(
        self, callee: Value, name: str, args: list[Value], kwargs: Mapping[str, Value], node: ast.AST, scope: Scope
    ) -> Value:
        result = Value(op="call", name=name, inputs=(callee, *args, *kwargs.values()), site=Site(scope.file, node))
        self.record("call", node, scope, args=tuple(args), kwargs=kwargs, callee=callee, result=result)
        return result

    # --- project functions and classes ------------------------------------------------------------------------------

    def call_function(
        self,
        function: Value,
        args: list[Value],
        kwargs: Mapping[str, Value],
        node: ast.AST,
        scope: Scope | None = None,
    ) -> Value:
        definition, home = function.definition, function.scope
        if not isinstance(definition, Function) or not isinstance(home, Scope):
            return Value(op="call", inputs=tuple(args))
        if not self._may_follow(definition):
            return self._unknown_call(function, definition.name, args, kwargs, node, scope or home)
        inner = Scope(definition.file, parent=home, function=definition)
        given = [*function.inputs, *args] if not definition.has_decorator("staticmethod") else args
        self._bind_parameters(definition, inner, list(given), kwargs, is_root=node is definition.node)
        return self._follow_body(definition, inner, node)

    def _may_follow(self, definition: Function) -> bool:
        key = id(definition.node)
        allowed = (
            self.depth < MAX_DEPTH
            and key not in self.following
            and self.inlined.get(key, 0) < PER_ROOT
            and self.followed.get(key, 0) < IN_ALL
        )
        if allowed:
            self.inlined[key] = self.inlined.get(key, 0) + 1
            self.followed[key] = self.followed.get(key, 0) + 1
            self.reached.add(key)
        return allowed

    def _follow_body(self, definition: Function, inner: Scope, node: ast.AST) -> Value:
        frame = Frame("call", node, self.frame, definition.name)
        for decorator in definition.decorators:
            label = decorator.func if isinstance(decorator, ast.Call) else decorator
            name = label.attr if isinstance(label, ast.Attribute) else getattr(label, "id", "")
            if name in NO_GRAD or name == "autocast":
                frame = Frame("with", decorator, frame, name)
        self.depth += 1
        self.following.append(id(definition.node))
        try:
            with self.entered(frame):
                if isinstance(definition.node, ast.Lambda):
                    return self.evaluate(definition.node.body, inner)
                self.block(definition.node.body, inner)
        finally:
            self.depth -= 1
            self.following.pop()
        if inner.yields:
            return Value(op="generator", inputs=(join_all(inner.yields),))
        return join_all(inner.returns) if inner.returns else constant(None)

    def block(self, body: list[ast.stmt], scope: Scope) -> None:
        raise NotImplementedError

    def _bind_parameters(
        self, definition: Function, inner: Scope, args: list[Value], kwargs: Mapping[str, Value], *, is_root: bool
    ) -> None:
        """Arguments by position and name; where none is given the default, or, in a root, an unknown."""
        spec = definition.node.args
        positional = [*spec.posonlyargs, *spec.args]
        defaults: dict[str, ast.expr] = {
            a.arg: d for a, d in zip(positional[len(positional) - len(spec.defaults) :], spec.defaults, strict=True)
        }
        defaults |= {a.arg: d for a, d in zip(spec.kwonlyargs, spec.kw_defaults, strict=True) if d is not None}
        for parameter in (*positional, *spec.kwonlyargs):
            name = parameter.arg
            if args and parameter in positional:
                inner.variables[name] = args.pop(0)
            elif name in kwargs:
                inner.variables[name] = kwargs[name]
            elif name in defaults and not is_root and "**" not in kwargs:
                inner.variables[name] = self.evaluate(defaults[name], inner.parent or inner)
            else:
                inner.variables[name] = Value(name=name, op="parameter", site=Site(definition.file, definition.node))
        if spec.vararg:
            items = args if not is_root else None
            kind: Kind = "sequence" if items is not None else "unknown"
            inner.variables[spec.vararg.arg] = Value(kind=kind, op="tuple", items=items, name=spec.vararg.arg)
        if spec.kwarg:
            inner.variables[spec.kwarg.arg] = Value(name=spec.kwarg.arg, op="parameter")

    def kind_of_class(self, cls: Class) -> Kind:
        for base in self.library_bases(cls):
            name = base.rpartition(".")[2]
            if name in MODULE_BASES or base.startswith("torch.nn.") or name.endswith("PreTrainedModel"):
                return "module"
            if name == "Optimizer" or kind_of_library_class(base) == "optimizer":
                return "optimizer"
            if name.endswith("LRScheduler") or kind_of_library_class(base) == "scheduler":
                return "scheduler"
            if name in DATASET_BASES:
                return "dataset"
            if name in ("Sampler", "DataLoader", "GradScaler"):
                return {"Sampler": "sampler", "DataLoader": "loader", "GradScaler": "scaler"}[name]  # type: ignore[return-value]
        has_forward = any("forward" in c.methods for c in self.bases_of(cls))
        return "module" if has_forward and self.library_bases(cls) else "object"

    def _construct_own(
        self, cls: Class, args: list[Value], kwargs: Mapping[str, Value], node: ast.AST, scope: Scope
    ) -> Value:
        this = self._remember(node, Value(
            kind=self.kind_of_class(cls), path=cls.name, name=cls.name, definition=cls,
            args=tuple(args), kwargs=dict(kwargs), site=Site(scope.file, node),
        ))  # fmt: skip
        init = self.find_in_class(cls, "__init__", this, node)
        if init is not None and init.kind == "function":
            self.call_function(init, args, kwargs, node, scope)
        elif any(last_name(d) == "dataclass" for d in cls.node.decorator_list):
            fields = [
                s.target.id for s in cls.node.body if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)
            ]
            this.attrs.update({**dict(zip(fields, args, strict=False)), **kwargs})
        self.record("new", node, scope, args=tuple(args), kwargs=kwargs, result=this)
        return this

    def instance_of(self, cls: Class) -> Value:
        """An instance built with unknown arguments."""
        scope = self.module_scope(cls.file)
        this = Value(kind=self.kind_of_class(cls), path=cls.name, definition=cls, site=Site(cls.file, cls.node))
        init = self.find_in_class(cls, "__init__", this, cls.node)
        if init is not None and isinstance(init.definition, Function):
            self.call_function(init, [], {}, init.definition.node, scope)
        return this

    def _remember(self, node: ast.AST, fresh: Value) -> Value:
        """The object itself, or, in a second pass over a class, the one the first pass built at the same place."""
        if self.replay is None:
            return fresh
        calls = (id(f.node) for f in self.frame.chain() if f.kind == "call")
        return self.replay.setdefault((id(node), *calls), fresh)

    # --- objects ----------------------------------------------------------------------------------------------------

    def _call_object(
        self, callee: Value, args: list[Value], kwargs: Mapping[str, Value], node: ast.AST, scope: Scope
    ) -> Value:
        if isinstance(callee.definition, Class):
            return self._call_own_object(callee, callee.definition, args, kwargs, node, scope)
        if callee.kind == "loss":
            return self.operation(LOSSES[callee.class_name], args, kwargs, node, scope, callee)
        if callee.class_name in LAYERS:
            return self.operation(LAYERS[callee.class_name], args, kwargs, node, scope, callee)
        if callee.class_name == "Sequential" and args:
            return self._call_sequential(callee, args[0], node, scope)
        event = self.record("module()" if callee.kind == "module" else "call", node, scope, args=tuple(args),
                            kwargs=kwargs, callee=callee)  # fmt: skip
        kind: Kind = "tensor" if callee.kind == "module" and callee.path.startswith("torchvision") else "unknown"
        event.result = Value(
            kind=kind, op="module()" if callee.kind == "module" else "call", callee=callee, name=callee.name,
            inputs=(*args, *kwargs.values()), site=Site(scope.file, node),
        )  # fmt: skip
        return event.result

    def _call_own_object(
        self, callee: Value, cls: Class, args: list[Value], kwargs: Mapping[str, Value], node: ast.AST, scope: Scope
    ) -> Value:
        event = None
        if callee.kind == "module":
            event = self.record("module()", node, scope, args=tuple(args), kwargs=kwargs, callee=callee)
        for name in ("__call__", "forward"):
            body = self.find_in_class(cls, name, callee, node)
            if body is not None and body.kind == "function":
                result = self.call_function(body, args, kwargs, node, scope)
                if event is not None:
                    event.result = result
                return result
        return self._unknown_call(callee, callee.name, args, kwargs, node, scope)

    def _call_sequential(self, callee: Value, value: Value, node: ast.AST, scope: Scope) -> Value:
        event = self.record("module()", node, scope, args=(value,), callee=callee)
        layers = callee.args
        if len(layers) == 1 and layers[0].kind == "mapping":
            layers = tuple(layers[0].items or ())
        for layer in layers:
            value = self.apply(layer, [value], {}, layer.site.node if layer.site else node, scope)
        event.result = value
        return value

    def method(self, call: "MethodCall") -> Value:
        """A method the project does not define."""
        receiver, name = call.receiver, call.name
        if receiver.kind == "super":
            return self.method(replace(call, receiver=receiver.inputs[0]))
        if name == "backward":
            return self._backward(call)
        if receiver.kind == "module" and name in ("forward", "__call__"):
            return self.apply(receiver, call.args, call.kwargs, call.node, call.scope)
        special = _METHODS.get((receiver.kind, name)) or _METHODS.get(("", name))
        if special is not None:
            return special(self, call)
        if name in TENSOR_OPS and receiver.kind not in OBJECT_KINDS:
            return self.operation(name, [receiver, *call.args], call.kwargs, call.node, call.scope)
        return self._object_method(call)

    def _object_method(self, call: "MethodCall") -> Value:
        receiver, name = call.receiver, call.name
        kind = receiver.kind if receiver.kind in (*OBJECT_KINDS, "params") else "?"
        if (name in _SELF_METHODS and kind != "?") or name in ("train", "eval"):
            result = receiver
        else:
            inputs = (receiver, *call.args, *call.kwargs.values())
            result = Value(op="method", name=name, inputs=inputs, site=Site(call.scope.file, call.node))
        self.record(
            f"{kind}.{name}", call.node, call.scope,
            args=tuple(call.args), kwargs=call.kwargs, receiver=receiver, result=result,
        )  # fmt: skip
        return result

    def _backward(self, call: "MethodCall") -> Value:
        """`loss.backward()`; also `engine.backward(loss)`, where the event's receiver is the engine."""
        receiver, args = call.receiver, call.args
        is_engine = receiver.kind in OBJECT_KINDS or (
            receiver.kind != "tensor" and bool(args) and args[0].op not in CONSTANT_OPS
        )
        loss = args[0] if is_engine and args else receiver
        engine = receiver if is_engine else None
        return self.record("backward", call.node, call.scope, args=(loss,), kwargs=call.kwargs, receiver=engine).result

    def _parameters(self, call: "MethodCall") -> Value:
        site = Site(call.scope.file, call.node)
        if call.name == "parameters":
            return Value(kind="params", op="parameters", inputs=(call.receiver,), site=site)
        each = Value(kind="params", op="each", inputs=(call.receiver,), site=site)
        pair = Value(kind="sequence", op="tuple", items=[Value(op="name"), each])
        return Value(op="generator", inputs=(pair,), site=site)

    def _append(self, call: "MethodCall") -> Value:
        receiver, args = call.receiver, call.args
        self.record("append", call.node, call.scope, args=tuple(args), receiver=receiver)
        if receiver.kind == "sequence" and receiver.items is not None and call.name == "append" and args:
            receiver.op = "grown"
            receiver.items.append(args[0])
        if receiver.class_name == "ModuleList" and call.name == "append" and args:
            receiver.items = [*(receiver.items or ()), args[0]]
        return constant(None)

    def _update(self, call: "MethodCall") -> Value:
        """`settings.update(other)`: the keys are merged; from an unknown one, any key may come."""
        for source in call.args[:1]:
            unknown = {"**": source} if source.kind != "mapping" else source.kwargs
            call.receiver.kwargs = {**call.receiver.kwargs, **unknown}
        call.receiver.kwargs = {**call.receiver.kwargs, **call.kwargs}
        return constant(None)

    def _register_buffer(self, call: "MethodCall") -> Value:
        """`self.register_buffer("mask", tensor)`: an attribute from then on."""
        name = call.args[0].const if call.args else None
        given = call.args[1] if len(call.args) > 1 else call.kwargs.get("tensor")
        if isinstance(name, str) and given is not None:
            call.receiver.attrs[name] = given
        return self._object_method(call)

    def _layers(self, call: "MethodCall") -> Value:
        """`heads.values()` and `heads.items()` of a ModuleDict."""
        layers = layers_in(call.receiver)
        if not layers:
            return self._object_method(call)
        each = join_all(layers)
        pair = Value(kind="sequence", op="tuple", items=[Value(op="name"), each])
        return Value(op="generator", inputs=(pair if call.name == "items" else each,))

    def _get(self, call: "MethodCall") -> Value:
        """`settings.get("key", default)` of a mapping whose keys are known."""
        key = call.args[0].const if call.args else None
        if not isinstance(key, str) or "**" in call.receiver.kwargs:
            return self._object_method(call)
        if key in call.receiver.kwargs:
            return call.receiver.kwargs[key]
        return call.args[1] if len(call.args) > 1 and call.receiver.op == "configuration" else self._object_method(call)

    def _parse_args(self, call: "MethodCall") -> Value:
        """The options declared so far; an option's default is what it usually is, never what it certainly is."""
        result = self._object_method(call)
        for event in self.events:
            if event.op.endswith(".add_argument") and event.args and isinstance(event.args[0].const, str):
                name = next((a.const for a in event.args if str(a.const).startswith("--")), event.args[0].const)
                default = event.kwargs.get("default")
                if default is not None and default.kind == "const":
                    field_name = str(name).lstrip("-").replace("-", "_")
                    result.attrs[field_name] = Value(
                        op="attr", name=f"args.{field_name}", inputs=(result,), args=(default,), site=default.site
                    )
        return result

    def _scale(self, call: "MethodCall") -> Value:
        site = Site(call.scope.file, call.node)
        return Value(kind="tensor", op="scale", inputs=tuple(call.args), callee=call.receiver, site=site)

    def _prepare(self, call: "MethodCall") -> Value:
        return call.args[0] if len(call.args) == 1 else Value(kind="sequence", op="tuple", items=list(call.args))

    def _same_object(self, call: "MethodCall") -> Value:
        self._object_method(call)
        return call.receiver

    def _load_class(self, call: "MethodCall") -> Value:
        if isinstance(call.receiver.definition, Class):
            return self.instance_of(call.receiver.definition)
        return self._object_method(call)

    def _clip(self, call: "MethodCall") -> Value:
        event = self.record(
            "clip_grad", call.node, call.scope, args=tuple(call.args), kwargs=call.kwargs, receiver=call.receiver
        )
        return event.result

    # --- libraries --------------------------------------------------------------------------------------------------

    def _call_library(
        self, path: str, args: list[Value], kwargs: Mapping[str, Value], node: ast.AST, scope: Scope
    ) -> Value:
        head, _, name = path.rpartition(".")
        if head == "builtins":
            return self._call_builtin(name, args, kwargs, node, scope)
        if is_reader(path):
            settings = self._read_configuration(args)
            if settings is not None:
                return settings
        if name in ("Namespace", "SimpleNamespace", "EasyDict", "Box", "edict") and not args and kwargs:
            return self._mapping(kwargs, Site(scope.file, node))
        if (
            name in ("create", "EasyDict", "Box", "edict", "DictConfig")
            and len(args) == 1
            and args[0].kind == "mapping"
        ):
            return args[0]
        if name == "Variable" and args:  # the wrapper of PyTorch before 0.4: with requires_grad, a leaf of its own
            new = "requires_grad" in kwargs
            return self.operation("tensor", args, kwargs, node, scope, is_tensor=True) if new else args[0]
        if name in WRAPPERS and args:
            self.record(path, node, scope, args=tuple(args), kwargs=kwargs)
            return args[0] if len(args) == 1 or name != "prepare" else Value(kind="sequence", items=list(args))
        if name == "deepcopy" and args:
            return self._remember(node, _copy(args[0], Site(scope.file, node)))
        if path == "torch.autograd.Variable" and args:  # until PyTorch 0.4; since then the tensor itself
            return self.operation("identity", args, kwargs, node, scope, is_tensor=True)
        if name in CLIPPING:
            return self.record("clip_grad", node, scope, args=tuple(args), kwargs=kwargs).result
        kind = kind_of_library_class(path)
        if kind is not None or (name[:1].isupper() and name not in TENSOR_OPS):
            return self._construct(path, kind or "object", args, kwargs, node, scope)
        if path.startswith("torch.") and name in TENSOR_OPS:
            return self.operation(name, args, kwargs, node, scope, is_tensor=True)
        return self._library_function(path, args, kwargs, node, scope)

    def _read_configuration(self, args: list[Value]) -> Value | None:
        """A configuration file of the project, where the code or the only file there tells which."""
        if self.settings_files is None:
            self.settings_files = configuration_files(self.project)
        return read_setting_file(self.settings_files, args) if self.settings_files else None

    def _mapping(self, fields: Mapping[str, Value], site: Site) -> Value:
        made = Value(kind="mapping", items=list(fields.values()), site=site)
        made.kwargs = dict(fields)
        return made

    def _library_function(
        self, path: str, args: list[Value], kwargs: Mapping[str, Value], node: ast.AST, scope: Scope
    ) -> Value:
        name = path.rpartition(".")[2]
        op = name if path.startswith(("torch.", "numpy.", "sklearn.", "einops.")) else "call"
        if path in ("numpy.add.at", "numpy.copyto", "numpy.put") and len(args) > 1:
            self.fill(args[0], args[-1])
        result = Value(op=op, path=path, name=path, inputs=(*args, *kwargs.values()), args=tuple(args),
                       kwargs=dict(kwargs), site=Site(scope.file, node))  # fmt: skip
        self.record(path, node, scope, args=tuple(args), kwargs=kwargs, result=result)
        return result

    def _construct(
        self, path: str, kind: str, args: list[Value], kwargs: Mapping[str, Value], node: ast.AST, scope: Scope
    ) -> Value:
        made = self._remember(node, Value(
            kind=kind, path=path, name=path.rpartition(".")[2], args=tuple(args), kwargs=dict(kwargs),  # type: ignore[arg-type]
            inputs=(*args, *kwargs.values()), site=Site(scope.file, node),
        ))  # fmt: skip
        self.record("new", node, scope, args=tuple(args), kwargs=kwargs, result=made)
        return made

    def operation(
        self,
        op: str,
        args: list[Value],
        kwargs: Mapping[str, Value],
        node: ast.AST,
        scope: Scope,
        callee: Value | None = None,
        *,
        is_tensor: bool = False,
    ) -> Value:
        """A tensor operation; its result is a node of the data flow."""
        knows = op not in ("size", "dim", "numel", "data", "item", "tolist", "numpy") and (
            is_tensor or callee is not None or op in _PLAINLY_TENSOR or any(a.kind == "tensor" for a in args)
        )
        named = tuple(kwargs[k] for k in ("input", "tensor", "tensors") if k in kwargs)
        result = Value(kind="tensor" if knows else "unknown", op=op, inputs=(*named, *args), args=tuple(args),
                       kwargs=dict(kwargs), callee=callee, site=Site(scope.file, node))  # fmt: skip
        self.record(op, node, scope, args=(*named, *args), kwargs=kwargs, callee=callee, result=result)
        return result

    def _call_builtin(
        self, name: str, args: list[Value], kwargs: Mapping[str, Value], node: ast.AST, scope: Scope
    ) -> Value:
        site = Site(scope.file, node)
        if name == "super":
            return self._super(scope, site)
        if name == "getattr" and len(args) >= 2:
            return self._getattr(args, node, scope)
        if name == "dict" and kwargs and not args:
            return self._mapping(kwargs, site)
        if name in ("iter", "list", "tuple", "reversed", "sorted", "filter") and args:
            source = args[1] if name == "filter" and len(args) > 1 else args[0]
            if name == "filter":
                return Value(kind=source.kind, op="filtered", inputs=(source,), site=site)
            return source if name in ("iter", "list", "tuple") else Value(op=name, inputs=(source,), site=site)
        if name == "next" and args:
            return self.element_of(args[0], node)
        if name in ("enumerate", "zip"):
            return Value(op=name, inputs=tuple(args), site=site)
        self.record(f"builtins.{name}", node, scope, args=tuple(args), kwargs=kwargs)
        return Value(op=name, inputs=tuple(args), args=tuple(args), name=name, site=site)

    def _super(self, scope: Scope, site: Site) -> Value:
        function = scope.function
        this = scope.variables.get(function.node.args.args[0].arg) if function and function.node.args.args else None
        if this is None or function is None or function.owner is None:
            return Value(name="super()", site=site)
        return Value(kind="super", name="super()", inputs=(this,), definition=function.owner, site=site)

    def _getattr(self, args: list[Value], node: ast.AST, scope: Scope) -> Value:
        if isinstance(args[1].const, str):
            return self.attribute(args[0], args[1].const, node, scope)
        if args[0].kind == "lib":
            return Value(kind="lib", path=f"{args[0].path}.?", name=f"{args[0].path}.?")
        return Value(op="attr", inputs=(args[0],), site=Site(scope.file, node))


# Operations that only tensors have; "sum", "view" or "sort" are shared with arrays, tables and lists.
_PLAINLY_TENSOR = names(
    "softmax log_softmax sigmoid logsigmoid backward detach cross_entropy nll_loss mse_loss l1_loss smooth_l1_loss"
    " huber_loss kl_div binary_cross_entropy binary_cross_entropy_with_logits relu tanh linear conv1d conv2d conv3d "
    "dropout"
    " one_hot logsumexp permute unsqueeze masked_fill clamp zeros ones randn rand embedding batch_norm layer_norm "
    "gelu silu"
    " softplus log exp sqrt matmul bmm gather ctc_loss"
)
_Method = Callable[[CallEvaluator, MethodCall], Value]
_METHODS: dict[tuple[str, str], _Method] = {
    **{(kind, n): CallEvaluator._parameters for kind in ("module", "unknown") for n in ("parameters",
    "named_parameters")},
    **{("", n): CallEvaluator._append for n in ("append", "extend")},
    **{("unknown", n): CallEvaluator._same_object for n in ("to", "cuda", "cpu", "float", "half", "double",
    "requires_grad_")},
    ("mapping", "update"): CallEvaluator._update,
    ("module", "register_buffer"): CallEvaluator._register_buffer,
    **{("module", n): CallEvaluator._layers for n in ("values", "items")},
    ("mapping", "get"): CallEvaluator._get,
    **{(kind, n): CallEvaluator._parse_args for kind in ("object", "unknown") for n in ("parse_args",)},
    ("scaler", "scale"): CallEvaluator._scale,
    ("accelerator", "prepare"): CallEvaluator._prepare,
    ("accelerator", "setup"): CallEvaluator._prepare,
    ("", "prepare"): CallEvaluator._prepare,
    **{("class", n): CallEvaluator._load_class for n in ("from_pretrained", "from_config", "load_from_checkpoint")},
    **{("", n): CallEvaluator._clip for n in CLIPPING},
}  # fmt: skip


def _replaced_forward(callee: Value) -> Value | None:
    """The function of `model.forward = function`, on any of the ways the model can have been built."""
    for leaf in alternatives(callee):
        found = leaf.attrs.get("forward")
        if found is not None and found.kind == "function" and not found.inputs:
            return found
    return None


def _copy(value: Value, site: Site, depth: int = 6) -> Value:
    """deepcopy: a new object of the same build, its parts copied too."""
    if value.kind not in OBJECT_KINDS or value.op == "join" or depth == 0:
        return Value(kind=value.kind, op="copy", inputs=(value,), site=site)

    def part(v: Value) -> Value:
        return _copy(v, site, depth - 1) if v.kind == "module" else v

    return Value(
        kind=value.kind, path=value.path, name=value.name, definition=value.definition, inputs=value.inputs, site=site,
        args=tuple(part(a) for a in value.args), kwargs=value.kwargs,
        attrs={k: part(v) for k, v in value.attrs.items()},
    )  # fmt: skip
