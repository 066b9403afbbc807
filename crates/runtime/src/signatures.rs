//! [`SignatureRegistry`]: the numbers by which functions of different link units are compared. It is asked when something is
//! compiled or defined, and never while a component is instantiated.

use crate::error::{Result, bail};
use gusset_artifact::{CoreFuncType, CoreValType, HeapType, RefType, SignatureIndex};
use gusset_types::FlatType;
use indexmap::IndexSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// The signatures of an engine.
pub(crate) struct SignatureRegistry {
    id: u64,
    /// The position of a signature is its number, in every function reference of every store.
    known: Mutex<IndexSet<Arc<CoreFuncType>>>,
}

/// A signature with its engine-wide number.
#[derive(Clone, Debug)]
pub(crate) struct RegisteredSignature {
    pub(crate) ty: Arc<CoreFuncType>,
    pub(crate) number: u32,
}

impl RegisteredSignature {
    /// Its number, where types have the indices of signatures.
    fn index(&self) -> SignatureIndex {
        SignatureIndex::from_u32(self.number)
    }
}

impl SignatureRegistry {
    pub(crate) fn new() -> SignatureRegistry {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        SignatureRegistry { id: NEXT.fetch_add(1, Ordering::Relaxed), known: Mutex::default() }
    }

    /// A number that no other registry of the process has.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// A signature's number. Where it speaks of other signatures (typed function references), it has their numbers in this registry.
    ///
    /// # Errors
    ///
    /// When it has a number that there is not.
    pub(crate) fn register(&self, ty: &CoreFuncType) -> Result<RegisteredSignature> {
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner).len();
        let number = |ty: &CoreValType| match ty {
            CoreValType::Ref(RefType { heap: HeapType::Concrete(number), .. }) => Some(number.as_u32() as usize),
            _ => None,
        };
        match ty.params.iter().chain(&*ty.results).filter_map(number).max() {
            Some(number) if number >= known() => bail!("a type of function that this engine does not know"),
            _ => Ok(self.register_closed(ty)),
        }
    }

    /// The numbers of a unit's signatures, which speak of those before them.
    pub(crate) fn register_unit<'a>(&self, types: impl Iterator<Item = &'a CoreFuncType>) -> Vec<RegisteredSignature> {
        let mut registered: Vec<RegisteredSignature> = Vec::new();
        for ty in types {
            let closed = |ty: &CoreValType| ty.map_signature(|at| registered[at.as_u32() as usize].index());
            let signature = match ty.speaks_of_signatures() {
                false => self.register_closed(ty),
                true => {
                    let all = |types: &[CoreValType]| types.iter().map(closed).collect();
                    self.register_closed(&CoreFuncType { params: all(&ty.params), results: all(&ty.results) })
                }
            };
            registered.push(signature);
        }
        registered
    }

    /// The number of a signature that speaks of others by their numbers, if at all.
    pub(crate) fn register_closed(&self, ty: &CoreFuncType) -> RegisteredSignature {
        #[cfg(test)]
        tests::REGISTERED.set(tests::REGISTERED.get() + 1);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, ty) = match known.get_full(ty) {
            Some((number, ty)) => (number, ty.clone()),
            None => {
                let ty = Arc::new(ty.clone());
                (known.insert_full(ty.clone()).0, ty)
            }
        };
        RegisteredSignature { ty, number: u32::try_from(number).expect("fewer than 2^32 signatures") }
    }
}

/// The core function type of flat parameters and results.
pub(crate) fn core_func_type(params: Vec<FlatType>, results: Vec<FlatType>) -> CoreFuncType {
    let core = |types: Vec<FlatType>| types.into_iter().map(core_type).collect();
    CoreFuncType { params: core(params), results: core(results) }
}

fn core_type(ty: FlatType) -> CoreValType {
    match ty {
        FlatType::I32 => CoreValType::I32,
        FlatType::I64 => CoreValType::I64,
        FlatType::F32 => CoreValType::F32,
        FlatType::F64 => CoreValType::F64,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::cell::Cell;

    thread_local! {
        /// How often this thread has asked any registry.
        pub(crate) static REGISTERED: Cell<usize> = const { Cell::new(0) };
    }

    #[test]
    fn equal_signatures_have_one_number() {
        let registry = SignatureRegistry::new();
        let ty = CoreFuncType { params: [CoreValType::I32].into(), results: [].into() };
        let numbers = [&ty, &CoreFuncType::default(), &ty.clone()].map(|ty| registry.register(ty).unwrap().number);
        assert_eq!(numbers, [0, 1, 0]);
        assert_ne!(registry.id(), SignatureRegistry::new().id());
    }

    #[test]
    fn signatures_of_units_speak_of_the_same_ones() {
        let registry = SignatureRegistry::new();
        let taking = |signature| {
            let heap = HeapType::Concrete(SignatureIndex::from_u32(signature));
            let param = CoreValType::Ref(RefType { nullable: false, heap });
            CoreFuncType { params: [param].into(), results: [].into() }
        };
        let number = CoreFuncType { params: [CoreValType::I32].into(), results: [].into() };
        let numbers = |types: &[CoreFuncType]| {
            let registered = registry.register_unit(types.iter());
            registered.iter().map(|signature| signature.number).collect::<Vec<_>>()
        };
        assert_eq!(numbers(&[CoreFuncType::default(), taking(0), taking(1)]), [0, 1, 2]);
        assert_eq!(numbers(&[number, CoreFuncType::default(), taking(1), taking(2), taking(0)]), [3, 0, 1, 2, 4]);
        assert_eq!(registry.register(&taking(3)).unwrap().number, 4);
        assert!(registry.register(&taking(5)).is_err());
    }
}
