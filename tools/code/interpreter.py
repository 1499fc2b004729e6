"""Follows the user's code symbolically: statements in order, branches joined, project functions followed into.

Nothing is executed: a value is only what the text says about it. Each loop body is followed once.
"""

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from misrun.tools.code.calls import CallEvaluator
from misrun.tools.code.collector import paused_collector
from misrun.tools.code.project_model import Class, Function, Project
from misrun.tools.code.scope import Scope
from misrun.tools.code.source import SourceFile
from misrun.tools.code.trace import Event, Frame, Trace
from misrun.tools.code.values import Site, Value, constant, join
from misrun.tools.code.walking import unparsed, walk

# A literal sequence this short is followed item by item ("for phase in ['train', 'val']"), a longer one once.
UNROLL_AT_MOST = 3
_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow", ast.MatMult: "matmul",
    ast.Mod: "mod", ast.FloorDiv: "floordiv", ast.BitAnd: "and", ast.BitOr: "or",
}  # fmt: skip


@paused_collector()
def follow(project: Project) -> Trace:
    """The trace of the whole project."""
    return Interpreter(project).run()


@dataclass
class Interpreter(CallEvaluator):
    """State while following: `frame` is where we are, `events` what happened in the current root."""

    _modules: dict[int, Scope] = field(default_factory=dict)
    _roots: list[tuple[Event, ...]] = field(default_factory=list)
    _counted: dict[int, tuple[ast.Attribute, ...]] = field(default_factory=dict)

    def run(self) -> Trace:
        for file in self.project.files:
            self.module_scope(file)
        for function in list(self.project.functions.values()):
            if id(function.node) not in self.reached and not function.owner:
                self._follow_unreached(function)
        for cls in self.project.classes.values():
            self._follow_unreached_methods(cls)
        return Trace(self.project, tuple(self._roots))

    @contextmanager
    def _root(self, node: ast.AST, label: str, value: Value | None = None) -> Iterator[None]:
        """A fresh list of events; what was being followed goes on afterwards."""
        outer = self.frame, self.events, self.inlined
        self.frame, self.events, self.inlined = Frame("root", node, None, label, value), [], {}
        try:
            yield
        except RecursionError:  # an expression nested deeper than the stack: what was seen so far stands
            pass
        finally:
            self._roots.append(tuple(self.events))
            self.frame, self.events, self.inlined = outer

    def module_scope(self, file: SourceFile) -> Scope:
        """The names of a file after its body; a circular import sees what is there so far."""
        if id(file) not in self._modules:
            scope = self._modules[id(file)] = Scope(file)
            with self._root(file.tree, file.path):
                self.block(file.tree.body, scope)
        return self._modules[id(file)]

    def _follow_unreached(self, function: Function) -> None:
        node = function.node
        if isinstance(node, ast.Lambda) or id(node) in self.nested:
            return
        with self._root(node, function.name):
            scope = self.module_scope(function.file)
            made = self.call_function(Value(kind="function", definition=function, scope=scope), [], {}, node)
            self.record("return", node, scope, args=(made,))

    def _follow_unreached_methods(self, cls: Class) -> None:
        """Methods nobody calls, on one instance; a first silent pass lets later methods set attributes."""
        methods = [m for m in cls.methods.values() if id(m.node) not in self.reached]
        if not methods or id(cls.node) in self.nested:
            return
        with self._root(cls.node, cls.name):
            this = self.instance_of(cls)
            self.replay = {}
            self.inlined = {}
            silent = len(self.events)
            self._call_methods([m for m in methods if m.name != "__init__"], this, {})
            del self.events[silent:]
            self.inlined = {}
        replay, self.replay = self.replay, None
        for method in (m for m in methods if m.name != "__init__"):
            with self._root(method.node, f"{cls.name}.{method.name}", this):
                self.replay = replay
                self._call_methods([method], this, {})
                self.replay = None

    def _call_methods(self, methods: list[Function], this: Value, kwargs: dict[str, Value]) -> None:
        for method in methods:
            scope = self.module_scope(method.file)
            bound = Value(kind="function", definition=method, scope=scope, inputs=(this,))
            made = self.call_function(bound, [], kwargs, method.node)
            self.record("return", method.node, scope, args=(made,))

    # --- statements -----------------------------------------------------------------------------------------------

    def block(self, body: list[ast.stmt], scope: Scope) -> None:
        for statement in body:
            if scope.ended:
                return
            handler = _STATEMENTS.get(type(statement))
            if handler:
                handler(self, statement, scope)

    def _expression(self, node: ast.Expr, scope: Scope) -> None:
        self.evaluate(node.value, scope)

    def _assign(self, node: ast.Assign, scope: Scope) -> None:
        value = self.evaluate(node.value, scope)
        for target in node.targets:
            self.bind(target, value, scope)

    def _annotated(self, node: ast.AnnAssign, scope: Scope) -> None:
        if node.value is not None:
            self.bind(node.target, self.evaluate(node.value, scope), scope)

    def _augmented(self, node: ast.AugAssign, scope: Scope) -> None:
        old = self.evaluate(node.target, scope)
        new = self.evaluate(node.value, scope)
        op = _OPERATORS.get(type(node.op), "binary")
        result = self.binary(op, old, new, node, scope)
        self.record(f"aug{op}", node, scope, args=(old, new), result=result)
        self.bind(node.target, result, scope)

    def _if(self, node: ast.If, scope: Scope) -> None:
        test = self.evaluate(node.test, scope)
        truth = True if _is_main_guard(node.test) else self.truth(test, node.test)
        if truth is not None:
            self.block(node.body if truth else node.orelse, scope)
            return
        self._arms([("then", node.body), ("else", node.orelse)], node, scope)

    def _arms(self, arms: list[tuple[str, list[ast.stmt]]], node: ast.stmt, scope: Scope) -> None:
        """Follows each arm from the same state; the states of the arms that do not leave are joined."""
        before = scope.variables
        after: dict[str, Value] | None = None
        for label, body in arms:
            scope.variables, scope.ended = dict(before), False
            with self.entered(Frame("branch", node, self.frame, label)):
                self.block(body, scope)
            if not scope.ended:
                after = scope.variables if after is None else _join_variables(after, scope.variables)
        scope.ended = after is None
        scope.variables = before if after is None else after

    def _for(self, node: ast.For | ast.AsyncFor, scope: Scope) -> None:
        iterated = self.evaluate(node.iter, scope)
        items = iterated.items if iterated.kind == "sequence" and iterated.op != "grown" else None
        unrolled = items is not None and 0 < len(items) <= UNROLL_AT_MOST and all(i.kind == "const" for i in items)
        for element in items if unrolled and items else [self.element_of(iterated, node)]:
            self._loop(node, node.target, element, iterated, scope)
        self.block(node.orelse, scope)

    def _loop(
        self,
        node: ast.For | ast.AsyncFor | ast.While,
        target: ast.expr | None,
        element: Value,
        over: Value,
        scope: Scope,
    ) -> None:
        before = dict(scope.variables)
        self._forget_changed(node, scope)
        with self.entered(Frame("loop", node, self.frame, "", over)):
            if target is not None:
                self.bind(target, element, scope)
            self.block(node.body, scope)
        scope.ended = False
        scope.variables = {**before, **scope.variables}

    def _forget_changed(self, node: ast.For | ast.AsyncFor | ast.While, scope: Scope) -> None:
        """Literals that the loop body changes are not known inside it (`first = True ... first = False`)."""
        for name in self.stored_names(node):
            value = scope.variables.get(name)
            if value is not None and value.kind == "const":
                scope.variables[name] = Value(name=name, op="changing", inputs=(value,), site=value.site)
        for target in self._counted_attributes(node):
            self._forget_attribute(target, scope)

    def _counted_attributes(self, loop: ast.AST) -> tuple[ast.Attribute, ...]:
        """The attributes that the loop adds to: `self.count += 1`."""
        if id(loop) not in self._counted:
            counts = (n.target for n in walk(loop) if isinstance(n, ast.AugAssign))
            self._counted[id(loop)] = tuple(t for t in counts if isinstance(t, ast.Attribute))
        return self._counted[id(loop)]

    def _forget_attribute(self, target: ast.Attribute, scope: Scope) -> None:
        owner = scope.find(target.value.id) if isinstance(target.value, ast.Name) else None
        old = owner.attrs.get(target.attr) if owner is not None else None
        if owner is not None and old is not None and old.kind == "const":
            name = unparsed(target)
            owner.attrs[target.attr] = Value(name=name, op="changing", inputs=(old,), site=old.site)

    def _while(self, node: ast.While, scope: Scope) -> None:
        self.evaluate(node.test, scope)
        self._loop(node, None, Value(), Value(op="while"), scope)
        self.block(node.orelse, scope)

    def _with(self, node: ast.With | ast.AsyncWith, scope: Scope) -> None:
        frames = self.frame
        for item in node.items:
            manager = self.evaluate(item.context_expr, scope)
            label = manager.class_name or manager.name.rpartition(".")[2]
            self.frame = Frame("with", node, self.frame, label, manager)
            if item.optional_vars is not None:
                entered = manager if manager.op != "call" else Value(name=manager.name, op="entered", inputs=(manager,))
                self.bind(item.optional_vars, entered, scope)
        self.block(node.body, scope)
        self.frame = frames

    def _try(self, node: ast.Try, scope: Scope) -> None:
        self.block(node.body, scope)
        if not scope.ended:
            self.block(node.orelse, scope)
        ended = scope.ended
        for handler in node.handlers:
            self._arms([("except", handler.body), ("", [])], handler, scope)  # type: ignore[arg-type]
        scope.ended = ended and (not node.handlers or scope.ended)
        if not scope.ended:
            self.block(node.finalbody, scope)

    def _return(self, node: ast.Return, scope: Scope) -> None:
        value = self.evaluate(node.value, scope) if node.value is not None else constant(None)
        scope.returns.append(value)
        scope.ended = True

    def _leave(self, _node: ast.stmt, scope: Scope) -> None:
        scope.ended = True

    def _function(self, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
        function = self.project.functions.get(id(node)) or Function(node.name, node, scope.file)
        for default in (*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)):
            self.evaluate(default, scope)
        if scope.function is not None:
            self.nested.add(id(node))
        scope.variables[node.name] = Value(kind="function", name=node.name, definition=function, scope=scope)

    def _class(self, node: ast.ClassDef, scope: Scope) -> None:
        cls = self.project.classes[id(node)]
        value = Value(kind="class", name=node.name, definition=cls, scope=scope, site=Site(scope.file, node))
        value.inputs = tuple(self.evaluate(base, scope) for base in node.bases)
        self.class_values[id(node)] = value
        body = Scope(scope.file, parent=scope)
        self.block([s for s in node.body if not isinstance(s, ast.FunctionDef | ast.AsyncFunctionDef)], body)
        value.attrs.update(body.variables)
        scope.variables[node.name] = value

    def _import(self, node: ast.Import, scope: Scope) -> None:
        for alias in node.names:
            if alias.asname:
                scope.variables[alias.asname] = self._module_value(alias.name, scope.file)
            else:
                top = alias.name.partition(".")[0]
                scope.variables[top] = self._module_value(top, scope.file)

    def _module_value(self, name: str, importer: SourceFile) -> Value:
        return Value(kind="lib", path=name, name=name, scope=self.project.find_module(name, importer))

    def _import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        name = self.project.relative_module(scope.file, node.level, node.module) if node.level else node.module or ""
        file = self.project.find_module(name, scope.file)
        for alias in node.names:
            if alias.name == "*":
                self._import_star(name, file, scope)
            else:
                scope.variables[alias.asname or alias.name] = self.member(name, file, alias.name, scope.file)

    def _import_star(self, name: str, file: SourceFile | None, scope: Scope) -> None:
        if file is None:
            scope.stars.append(name)
        elif file is not scope.file:
            scope.variables.update(self.module_scope(file).variables)

    def _delete(self, node: ast.Delete, scope: Scope) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                scope.variables.pop(target.id, None)

    def _match(self, node: ast.Match, scope: Scope) -> None:
        self.evaluate(node.subject, scope)
        arms = [(f"case {i}", case.body) for i, case in enumerate(node.cases)]
        self._arms([*arms, ("no case", [])], node, scope)

    def _assert(self, node: ast.Assert, scope: Scope) -> None:
        self.evaluate(node.test, scope)


def _join_variables(one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    return {name: join(one.get(name), other.get(name)) for name in {**one, **other}}


def _is_main_guard(test: ast.expr) -> bool:
    return (
        isinstance(test, ast.Compare)
        and isinstance(test.left, ast.Name)
        and test.left.id == "__name__"
        and isinstance(test.ops[0], ast.Eq)
    )


_STATEMENTS: dict[type[ast.stmt], Callable[..., None]] = {
    ast.Expr: Interpreter._expression,
    ast.Assign: Interpreter._assign,
    ast.AnnAssign: Interpreter._annotated,
    ast.AugAssign: Interpreter._augmented,
    ast.If: Interpreter._if,
    ast.For: Interpreter._for,
    ast.AsyncFor: Interpreter._for,
    ast.While: Interpreter._while,
    ast.With: Interpreter._with,
    ast.AsyncWith: Interpreter._with,
    ast.Try: Interpreter._try,
    ast.TryStar: Interpreter._try,
    ast.Return: Interpreter._return,
    ast.Raise: Interpreter._leave,
    ast.Continue: Interpreter._leave,
    ast.Break: Interpreter._leave,
    ast.FunctionDef: Interpreter._function,
    ast.AsyncFunctionDef: Interpreter._function,
    ast.ClassDef: Interpreter._class,
    ast.Import: Interpreter._import,
    ast.ImportFrom: Interpreter._import_from,
    ast.Delete: Interpreter._delete,
    ast.Match: Interpreter._match,
    ast.Assert: Interpreter._assert,
}
