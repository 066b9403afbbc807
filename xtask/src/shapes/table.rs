//! The shapes by name, with the sizes that make about a megabyte of each. This file is a table.

use super::{component, definitions, locals, operands, proposals};

/// N, M, and how many copies of the component there are in one: what is affordable once can be too much many times.
pub(super) type Sizes = (u32, u32, u32);

/// A family of components: what is multiplied with what stands at its function.
pub(super) struct InputShape {
    pub(super) name: &'static str,
    /// Writes the component of N and M.
    build: fn(u32, u32) -> Vec<u8>,
    /// What makes about a megabyte of it.
    pub(super) sizes: &'static [Sizes],
}

impl InputShape {
    /// The component of these sizes.
    pub(super) fn component(&self, (n, m, copies): Sizes) -> Vec<u8> {
        let one = (self.build)(n, m);
        if copies == 1 { one } else { component::copies(&one, copies) }
    }
}

macro_rules! shapes {
    ($($name:literal $module:ident::$function:ident $sizes:expr;)*) => {
        &[$(InputShape { name: $name, build: $module::$function, sizes: &$sizes },)*]
    };
}

/// All shapes.
pub(super) const SHAPES: &[InputShape] = shapes! {
    "blocks" locals::blocks [(240_000, 49_000, 1), (320_000, 10_000, 1), (24_000, 4_900, 10), (2_400, 490, 100)];
    "branches" locals::branches [(90_000, 49_000, 1), (120_000, 10_000, 1), (9_000, 4_900, 10), (900, 490, 100)];
    "changes-between" locals::changes_between [(35_000, 45_000, 1), (110_000, 5_000, 1), (3_500, 4_500, 10), (350, 450, 100)];
    "outward" locals::outward [(55_000, 45_000, 1), (75_000, 2_000, 1), (5_500, 4_500, 10), (550, 450, 100)];
    "loops" locals::loops [(71_000, 49_000, 1), (130_000, 9_000, 1), (7_100, 4_900, 10), (710, 490, 100)];
    "readers" locals::readers [(100_000, 49_000, 1), (130_000, 9_000, 1), (10_000, 4_900, 10), (1_000, 490, 100)];
    "loop-row" locals::loop_row [(45_000, 45_000, 1), (60_000, 2_000, 1), (4_500, 4_500, 10), (450, 450, 100)];
    "live-over-loops" locals::live_over_loops [(45_000, 45_000, 1), (120_000, 5_000, 1), (4_500, 4_500, 10), (450, 450, 100)];
    "ifs" locals::ifs [(65_000, 49_000, 1), (70_000, 1_600, 1), (6_500, 4_900, 10), (650, 490, 100)];
    "nested-ifs" locals::nested_ifs [(60_000, 45_000, 1), (170_000, 8_000, 1), (6_000, 4_500, 10), (600, 450, 100)];
    "elses" locals::elses [(45_000, 45_000, 1), (60_000, 2_000, 1), (4_500, 4_500, 10), (450, 450, 100)];
    "table" locals::table [(70_000, 1, 1), (5_000, 23, 1), (10_000, 10, 1), (1_000, 10, 11)];
    "locals" locals::locals [(70_000, 49_999, 1), (72_000, 1_000, 1)];
    "refs" locals::refs [(49_000, 230_000, 1), (10_000, 450_000, 1), (30, 490_000, 1), (4_900, 23_000, 10), (490, 2_300, 100)];
    "equal-values" locals::equal_values [(30_000, 65_000, 1), (50_000, 20_000, 1), (3_000, 6_500, 10), (300, 650, 100)];
    "invariants" locals::invariants [(50_000, 65_000, 1), (120_000, 10_000, 1), (5_000, 6_500, 10), (500, 650, 100)];
    "params" locals::params [(100_000, 1_000, 1), (110_000, 70, 1)];
    "operands-ifs" operands::operands_ifs [(120_000, 100_000, 1), (10_000, 190_000, 1), (12_000, 10_000, 10), (1_200, 1_000, 100)];
    "operands-loops" operands::operands_loops [(120_000, 65_000, 1), (10_000, 120_000, 1), (12_000, 6_500, 10), (1_200, 650, 100)];
    "operands-calls" operands::operands_calls [(120_000, 250_000, 1), (10_000, 480_000, 1), (12_000, 25_000, 10), (1_200, 2_500, 100)];
    "block-results" operands::block_results [(140_000, 1_000, 1), (140_000, 10, 1), (14_000, 1_000, 10), (1_400, 100, 100)];
    "loop-params" operands::loop_params [(140_000, 1_000, 1), (140_000, 10, 1), (14_000, 1_000, 10), (1_400, 100, 100)];
    "nested-loop-params" operands::nested_loop_params [(140_000, 1_000, 1), (140_000, 10, 1), (14_000, 1_000, 10), (1_400, 100, 100)];
    "if-params" operands::if_params [(190_000, 1_000, 1), (190_000, 10, 1), (19_000, 1_000, 10), (1_900, 100, 100)];
    "table-labels" operands::table_labels [(4, 65_000, 1), (500, 900, 1), (14_000, 60, 1), (81_000, 2, 1)];
    "table-arguments" operands::table_arguments [(140_000, 1_000, 1), (140_000, 10, 1), (14_000, 1_000, 10), (1_400, 100, 100)];
    "wide-calls" operands::wide_calls [(480_000, 1_000, 1), (480_000, 10, 1), (480_000, 2, 1), (48_000, 1_000, 10), (4_800, 100, 100)];
    "chain" operands::chain [(1_000_000, 1, 1), (1_000, 1_000, 1)];
    "tree" operands::tree [(330_000, 1, 1), (330, 1_000, 1), (10_000, 33, 1), (3_000, 100, 1)];
    "nested-tries" proposals::nested_tries [(50_000, 250_000, 1), (100_000, 10_000, 1), (5_000, 25_000, 10), (500, 2_500, 100)];
    "tries" proposals::tries [(40_000, 45_000, 1), (80_000, 5_000, 1), (4_000, 4_500, 10), (400, 450, 100)];
    "changing-tries" proposals::changing_tries [(30_000, 49_000, 1), (45_000, 5_000, 1), (3_000, 4_900, 10), (300, 490, 100)];
    "clauses" proposals::clauses [(9_000, 490_000, 1), (100, 500_000, 1), (900, 49_000, 10), (90, 4_900, 100)];
    "caught-values" proposals::caught_values [(900, 990, 1), (30_000, 15, 1), (90, 990, 10), (90, 90, 100)];
    "throws" proposals::throws [(490, 1_000, 1), (33_000, 10, 1), (49, 1_000, 10), (49, 90, 100)];
    "vector-locals" proposals::vector_locals [(70_000, 35_000, 1), (110_000, 5_000, 1), (7_000, 3_500, 10), (700, 350, 100)];
    "vector-constants" proposals::vector_constants [(45_000, 1, 1), (45, 1_000, 1)];
    "shuffles" proposals::shuffles [(45_000, 1, 1), (45, 1_000, 1)];
    "vector-chain" proposals::vector_chain [(125_000, 1, 1), (125, 1_000, 1)];
    "tail-calls" proposals::tail_calls [(350, 1_000, 1), (33_000, 10, 1), (35, 1_000, 10), (38, 90, 100)];
    "null-branches" proposals::null_branches [(190_000, 1_000, 1), (190_000, 10, 1), (19_000, 1_000, 10), (1_900, 100, 100)];
    "straight" definitions::straight [(180_000, 1, 1)];
    "functions" definitions::functions [(240_000, 0, 1), (1_000, 240, 1)];
    "signatures" definitions::signatures [(55_000, 9, 1), (1_000, 990, 1)];
    "dag" definitions::dag [(14, 35_000, 1), (100, 5_000, 1)];
    "labels" definitions::labels [(950_000, 20_000, 1), (950_000, 100, 1)];
    "instances" definitions::instances [(4_000, 240_000, 1), (1_000, 240_000, 1)];
    "lifted" definitions::lifted [(18_000, 10_000, 1), (19_000, 20, 1)];
    "adapters" definitions::adapters [(14_000, 10_000, 1), (15_000, 20, 1)];
};

#[cfg(test)]
mod tests {
    use super::*;
    use gusset::{Component, Engine, Linker, Store, Val};

    #[test]
    fn each_shape_is_valid_and_runs() {
        let engine = Engine::new(&gusset::Config::new()).unwrap();
        for shape in SHAPES {
            let name = shape.name;
            for sizes in [(1, 1, 1), (7, 25, 1), (2, 3, 3)] {
                if name == "labels" && sizes.2 > 1 {
                    // Its function has a type that a component around it does not export.
                    continue;
                }
                let bytes = shape.component(sizes);
                wasmparser::Validator::new().validate_all(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
                let component = Component::new(&engine, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
                let mut store = Store::new(&engine, ());
                let instance = Linker::new(&engine).instantiate(&mut store, &component).unwrap();
                let func = instance.get_func(&mut store, "f").unwrap();
                let mut results = [Val::Bool(false)];
                func.call(&mut store, &[Val::U32(0)], &mut results).unwrap_or_else(|error| panic!("{name}: {error}"));
                match &results[0] {
                    Val::List(elements) => assert_eq!(elements.len(), sizes.1 as usize, "{name}"),
                    result => assert_eq!(*result, Val::U32(0), "{name}"),
                }
            }
        }
    }

    #[test]
    fn sizes_are_of_a_megabyte() {
        for shape in SHAPES {
            for &sizes in shape.sizes {
                let bytes = shape.component(sizes).len();
                assert!((700_000..1_300_000).contains(&bytes), "{} {sizes:?}: {bytes} bytes", shape.name);
            }
        }
    }

    #[test]
    fn both_sizes_count() {
        for InputShape { name, build, .. } in SHAPES.iter().filter(|shape| shape.name != "straight") {
            assert_ne!(build(8, 24), build(9, 24), "{name}: N");
            assert_ne!(build(8, 24), build(8, 25), "{name}: M");
        }
    }

    #[test]
    fn names_are_unique() {
        let names: std::collections::HashSet<_> = SHAPES.iter().map(|shape| shape.name).collect();
        assert_eq!(names.len(), SHAPES.len());
    }
}
