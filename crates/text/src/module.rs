//! The places of a core module. Its definitions come in the binary by kind, those of each kind in the order of the tree, and
//! the operators of an expression in the order of its instructions. Where the two do not agree, what follows is mapped to the
//! definition around it.

use crate::item::{closing, data_offset};
use crate::map::Mapped;
use std::collections::VecDeque;
use wasmparser::{
    BinaryReaderError, ConstExpr, DataKind as BinaryDataKind, ElementItems, ElementKind, FunctionBody, Operator,
    OperatorsReader, Payload, RecGroup, TableInit,
};
use wast::core::{
    Data, DataKind, Elem, ElemKind, ElemPayload, Expression, Func, FuncKind, FunctionType, Global, GlobalKind,
    ImportItems, ItemKind, ItemSig, ModuleField, Table, TableKind, TagType, TypeUse,
};
use wast::token::Index;

/// The definitions of a module that have not been seen in the binary yet.
#[derive(Default)]
pub(crate) struct ModulePlaces<'a> {
    root: usize,
    /// The types of each recursion group.
    types: VecDeque<Vec<usize>>,
    imports: VecDeque<usize>,
    /// Where the types of functions are named.
    signatures: VecDeque<usize>,
    tables: VecDeque<&'a Table<'a>>,
    memories: VecDeque<usize>,
    tags: VecDeque<usize>,
    globals: VecDeque<&'a Global<'a>>,
    exports: VecDeque<usize>,
    starts: VecDeque<usize>,
    elems: VecDeque<&'a Elem<'a>>,
    bodies: VecDeque<&'a Func<'a>>,
    data: VecDeque<&'a Data<'a>>,
}

impl<'a> ModulePlaces<'a> {
    /// Of a module whose keyword stands at `root`.
    pub(crate) fn new(root: usize, fields: &'a [ModuleField<'a>]) -> ModulePlaces<'a> {
        let mut module = ModulePlaces { root, ..ModulePlaces::default() };
        for field in fields {
            match field {
                ModuleField::Type(ty) => module.types.push_back(vec![ty.span.offset()]),
                ModuleField::Rec(rec) => {
                    module.types.push_back(rec.types.iter().map(|ty| ty.span.offset()).collect());
                }
                ModuleField::Import(import) => match &import.items {
                    ImportItems::Single { .. } => module.imports.push_back(import.span.offset()),
                    ImportItems::Group1 { items, .. } => {
                        module.imports.extend(items.iter().map(|item| item.span.offset()));
                    }
                    ImportItems::Group2 { items, .. } => {
                        module.imports.extend(items.iter().map(|item| item.span.offset()));
                    }
                },
                ModuleField::Func(func) => {
                    let place = func.span.offset();
                    module.signatures.push_back(func.ty.index.map_or(place, |index| index_place(&index, place)));
                    module.bodies.push_back(func);
                }
                ModuleField::Table(table) => module.tables.push_back(table),
                ModuleField::Memory(memory) => module.memories.push_back(memory.span.offset()),
                ModuleField::Global(global) => module.globals.push_back(global),
                ModuleField::Export(export) => module.exports.push_back(export.span.offset()),
                ModuleField::Start(index) => module.starts.push_back(index_place(index, root)),
                ModuleField::Elem(elem) => module.elems.push_back(elem),
                ModuleField::Data(data) => module.data.push_back(data),
                ModuleField::Tag(tag) => module.tags.push_back(tag.span.offset()),
                ModuleField::Custom(_) => {}
            }
        }
        module.place_made_types(fields);
        module
    }

    /// Types that expansion has made have no place: each is that of the first definition without a type of its own.
    fn place_made_types(&mut self, fields: &[ModuleField<'_>]) {
        let mut users = vec![None; self.types.iter().map(Vec::len).sum()];
        for field in fields {
            match field {
                ModuleField::Func(func) => note_user(&mut users, &func.ty, func.span.offset()),
                ModuleField::Tag(tag) => {
                    let TagType::Exception(ty) = &tag.ty;
                    note_user(&mut users, ty, tag.span.offset());
                }
                ModuleField::Import(import) => {
                    let mut sigs: Vec<&ItemSig<'_>> = import.item_sigs();
                    // Items of a group may share one.
                    sigs.dedup_by(|a, b| std::ptr::eq(*a, *b));
                    for sig in sigs {
                        match &sig.kind {
                            ItemKind::Func(ty) | ItemKind::FuncExact(ty) | ItemKind::Tag(TagType::Exception(ty)) => {
                                note_user(&mut users, ty, import.span.offset());
                            }
                            ItemKind::Table(_) | ItemKind::Memory(_) | ItemKind::Global(_) => {}
                        }
                    }
                }
                _ => {}
            }
        }
        let mut index = 0;
        for group in &mut self.types {
            for place in group {
                if *place == 0 {
                    *place = users[index].unwrap_or(self.root);
                }
                index += 1;
            }
        }
    }

    /// The definitions in a section.
    pub(crate) fn payload(&mut self, payload: Payload<'_>, text: &str, places: &mut Vec<Mapped>) {
        let mut out = Places { root: self.root, text, places };
        match payload {
            Payload::TypeSection(section) => {
                for (binary, group) in section.into_iter_with_offsets().map_while(Result::ok) {
                    out.group(binary, group, self.types.pop_front());
                }
            }
            Payload::ImportSection(section) => {
                for (binary, _) in section.into_imports_with_offsets().map_while(Result::ok) {
                    out.item(binary, self.imports.pop_front());
                }
            }
            Payload::FunctionSection(section) => {
                for (binary, _) in section.into_iter_with_offsets().map_while(Result::ok) {
                    out.item(binary, self.signatures.pop_front());
                }
            }
            Payload::TableSection(section) => {
                for (binary, table) in section.into_iter_with_offsets().map_while(Result::ok) {
                    out.table(binary, &table.init, self.tables.pop_front());
                }
            }
            Payload::MemorySection(section) => {
                for (binary, _) in section.into_iter_with_offsets().map_while(Result::ok) {
                    out.item(binary, self.memories.pop_front());
                }
            }
            Payload::TagSection(section) => {
                for (binary, _) in section.into_iter_with_offsets().map_while(Result::ok) {
                    out.item(binary, self.tags.pop_front());
                }
            }
            Payload::GlobalSection(section) => {
                for (binary, global) in section.into_iter_with_offsets().map_while(Result::ok) {
                    out.global(binary, &global.init_expr, self.globals.pop_front());
                }
            }
            Payload::ExportSection(section) => {
                for (binary, _) in section.into_iter_with_offsets().map_while(Result::ok) {
                    out.item(binary, self.exports.pop_front());
                }
            }
            Payload::StartSection { range, .. } => out.item(range.start, self.starts.pop_front()),
            Payload::ElementSection(section) => {
                for element in section.into_iter().map_while(Result::ok) {
                    out.element(element, self.elems.pop_front());
                }
            }
            Payload::DataSection(section) => {
                for data in section.into_iter().map_while(Result::ok) {
                    out.data(&data, self.data.pop_front());
                }
            }
            Payload::CodeSectionEntry(body) => out.body(&body, self.bodies.pop_front()),
            _ => {}
        }
    }
}

/// Notes that what stands at `place` is of this type, if nothing before it is.
fn note_user(users: &mut [Option<usize>], ty: &TypeUse<'_, FunctionType<'_>>, place: usize) {
    let Some(Index::Num(index, _)) = ty.index else { return };
    if let Some(user) = users.get_mut(index as usize) {
        user.get_or_insert(place);
    }
}

/// Where an index stands; that of the definition for one that expansion has made.
fn index_place(index: &Index<'_>, definition: usize) -> usize {
    match index.span().offset() {
        0 => definition,
        place => place,
    }
}

/// Where the places of a module go.
struct Places<'p> {
    root: usize,
    text: &'p str,
    places: &'p mut Vec<Mapped>,
}

impl Places<'_> {
    fn add(&mut self, binary: u64, text: usize, item: bool) {
        self.places.push(Mapped { binary, text, item });
    }

    fn item(&mut self, binary: u64, place: Option<usize>) {
        self.add(binary, place.unwrap_or(self.root), place.is_some());
    }

    fn group(&mut self, binary: u64, group: RecGroup, types: Option<Vec<usize>>) {
        // What is said of the group is said where its first type stands.
        self.item(binary, types.as_ref().and_then(|types| types.first().copied()));
        let mut types = types.unwrap_or_default().into_iter();
        for (binary, _) in group.into_types_and_offsets() {
            self.item(binary, types.next());
        }
    }

    fn table(&mut self, binary: u64, init: &TableInit<'_>, table: Option<&Table<'_>>) {
        let place = table.map(|table| table.span.offset());
        self.item(binary, place);
        let kind = table.map(|table| &table.kind);
        if let (TableInit::Expr(code), Some(TableKind::Normal { init_expr: Some(tree), .. })) = (init, kind) {
            self.constant(code, tree, place);
        }
    }

    fn global(&mut self, binary: u64, init: &ConstExpr<'_>, global: Option<&Global<'_>>) {
        let place = global.map(|global| global.span.offset());
        self.item(binary, place);
        if let Some(GlobalKind::Inline(tree)) = global.map(|global| &global.kind) {
            self.constant(init, tree, place);
        }
    }

    fn element(&mut self, element: wasmparser::Element<'_>, elem: Option<&Elem<'_>>) {
        let place = elem.map(|elem| elem.span.offset());
        self.item(element.range.start, place);
        let Some(elem) = elem else { return };
        if let (ElementKind::Active { offset_expr, .. }, ElemKind::Active { offset, .. }) = (&element.kind, &elem.kind)
        {
            self.constant(offset_expr, offset, place);
        }
        match (element.items, &elem.payload) {
            (ElementItems::Functions(functions), ElemPayload::Indices(indices)) => {
                let functions = functions.into_iter_with_offsets().map_while(Result::ok);
                for ((binary, _), index) in functions.zip(indices) {
                    self.add(binary, index_place(index, elem.span.offset()), false);
                }
            }
            (ElementItems::Expressions(_, codes), ElemPayload::Exprs { exprs, .. }) => {
                for (code, tree) in codes.into_iter().map_while(Result::ok).zip(exprs) {
                    self.constant(&code, tree, place);
                }
            }
            _ => {}
        }
    }

    fn data(&mut self, segment: &wasmparser::Data<'_>, data: Option<&Data<'_>>) {
        let place = data.map(|data| data.span.offset());
        self.item(segment.range.start, place);
        let kind = data.map(|data| &data.kind);
        if let (BinaryDataKind::Active { offset_expr, .. }, Some(DataKind::Active { offset, .. })) =
            (&segment.kind, kind)
        {
            // An offset without `offset` around it comes without places.
            let place = match (place, &offset.instr_spans) {
                (Some(data), None) => data_offset(self.text, data).or(place),
                _ => place,
            };
            self.constant(offset_expr, offset, place);
        }
    }

    fn body(&mut self, body: &FunctionBody<'_>, func: Option<&Func<'_>>) {
        let place = func.map(|func| func.span.offset());
        self.item(body.range().start, place);
        let (Some(func), Ok(code)) = (func, body.get_operators_reader()) else { return };
        if let FuncKind::Inline { expression, .. } = &func.kind {
            let end = closing(self.text, func.span.offset()).unwrap_or(func.span.offset());
            self.expression(code, expression, func.span.offset(), end);
        }
    }

    /// A constant expression within the definition at `place`; its value is what its last instruction gives.
    fn constant(&mut self, code: &ConstExpr<'_>, tree: &Expression<'_>, place: Option<usize>) {
        let place = place.unwrap_or(self.root);
        let last = tree.instr_spans.as_ref().and_then(|spans| spans.last());
        self.expression(code.get_operators_reader(), tree, place, last.map_or(place, |span| span.offset()));
    }

    /// The operators of an expression within the definition at `place`, whose last `end` is at `end`.
    fn expression(&mut self, code: OperatorsReader<'_>, tree: &Expression<'_>, place: usize, end: usize) {
        let spans = tree.instr_spans.as_deref().unwrap_or_default();
        let operators = code
            .into_iter_with_offsets()
            .map_while(|operator: Result<(Operator<'_>, u64), BinaryReaderError>| operator.ok());
        for (number, (_, binary)) in operators.enumerate() {
            let instruction = spans.get(number).map(|span| span.offset());
            let text = if number == tree.instrs.len() { end } else { instruction.unwrap_or(place) };
            self.add(binary, text, false);
        }
    }
}
