//! Functions of the host that wait, and instances of components that import them. Each is an ordinary function that waits for its future.

use super::{Linker, LinkerInstance};
use crate::async_call::{Accessor, wait_for};
use crate::canon::{LiftList, LowerList};
use crate::component::Component;
use crate::error::Result;
use crate::instance::Instance;
use crate::resource::ResourceType;
use crate::store::{AsContextMut, StoreContextMut};
use crate::typed::ValueList;
use crate::val::Val;
use gusset_types::join_names;
use std::pin::Pin;

impl<T: 'static> Linker<T> {
    /// [`instantiate_pre`](Linker::instantiate_pre), then
    /// [`InstancePre::instantiate_async`](crate::InstancePre::instantiate_async).
    ///
    /// # Errors
    ///
    /// What either returns.
    ///
    /// # Panics
    ///
    /// When the component or the store is of another engine.
    pub async fn instantiate_async(&self, store: impl AsContextMut<Data = T>, component: &Component) -> Result<Instance>
    where
        T: Send,
    {
        self.instantiate_pre(component)?.instantiate_async(store).await
    }
}

impl<T: 'static> LinkerInstance<'_, T> {
    /// Defines a function with Rust types that waits: the future that it returns has the store until it is done. Else it is as those of
    /// [`func_wrap`](LinkerInstance::func_wrap).
    ///
    /// Its guest waits with it, which must have been entered by a `call_async` ([`TypedFunc::call_async`](crate::TypedFunc::call_async)) or
    /// `instantiate_async`, and not by a `call` from within a function of the host; else a call of it is an error that says so.
    ///
    /// ```
    /// # #[cfg(all(feature = "compile", feature = "wat"))] {
    /// # use gusset::{Component, Engine, Linker, Result, Store, StoreContextMut};
    /// # let engine = Engine::default();
    /// # let component = Component::new(&engine, r#"(component
    /// #     (import "fetch" (func $fetch (param "key" u32) (result u32)))
    /// #     (core func $fetch (canon lower (func $fetch)))
    /// #     (core module $m
    /// #         (import "" "fetch" (func $fetch (param i32) (result i32)))
    /// #         (func (export "run") (result i32) (call $fetch (i32.const 10))))
    /// #     (core instance $i (instantiate $m (with "" (instance (export "fetch" (func $fetch))))))
    /// #     (func (export "run") (result u32) (canon lift (core func $i "run"))))"#)?;
    /// # async fn look_up(key: u32) -> Result<u32> { Ok(key + 1) }
    /// # fn block_on<F: Future>(future: F) -> F::Output {
    /// #     let mut task = std::task::Context::from_waker(std::task::Waker::noop());
    /// #     let mut future = std::pin::pin!(future);
    /// #     loop {
    /// #         if let std::task::Poll::Ready(result) = future.as_mut().poll(&mut task) { return result; }
    /// #     }
    /// # }
    /// let mut linker = Linker::<u32>::new(&engine);
    /// linker.root().func_wrap_async("fetch", |mut store: StoreContextMut<'_, u32>, (key,): (u32,)| {
    ///     Box::new(async move {
    ///         let found = look_up(key).await?;
    ///         *store.data_mut() += 1;
    ///         Ok((found,))
    ///     })
    /// })?;
    /// let mut store = Store::new(&engine, 0);
    /// let run = async {
    ///     let instance = linker.instantiate_async(&mut store, &component).await?;
    ///     instance.get_typed_func::<(), (u32,)>(&mut store, "run")?.call_async(&mut store, ()).await
    /// };
    /// assert_eq!(block_on(run)?, (11,));
    /// assert_eq!(*store.data(), 1);
    /// # }
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the name is taken.
    pub fn func_wrap_async<P, R, F>(&mut self, name: &str, func: F) -> Result<()>
    where
        F: for<'a> Fn(StoreContextMut<'a, T>, P) -> Box<dyn Future<Output = Result<R>> + Send + 'a>
            + Send
            + Sync
            + 'static,
        P: ValueList + LiftList + 'static,
        R: ValueList + LowerList + 'static,
    {
        let path = self.path_of(name);
        self.func_wrap(name, move |store: StoreContextMut<'_, T>, params: P| {
            wait_for(&path, || Box::into_pin(func(store, params)))?
        })
    }

    /// Defines a function with Rust types that waits and leaves the store to others meanwhile: the future that it returns has an
    /// [`Accessor`], by which it reaches the store whenever it is polled, but not while it waits. Else it is as those of
    /// [`func_wrap_async`](LinkerInstance::func_wrap_async).
    ///
    /// ```
    /// use gusset::{Accessor, Engine, Linker};
    /// let mut linker = Linker::<Vec<String>>::new(&Engine::default());
    /// linker.root().func_wrap_concurrent("log", |accessor: &Accessor<Vec<String>>, (line,): (String,)| {
    ///     Box::pin(async move {
    ///         std::future::ready(()).await;
    ///         accessor.with(|mut store| store.data_mut().push(line));
    ///         Ok(())
    ///     })
    /// })?;
    /// # Ok::<(), gusset::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the name is taken.
    pub fn func_wrap_concurrent<P, R, F>(&mut self, name: &str, func: F) -> Result<()>
    where
        F: for<'a> Fn(&'a Accessor<T>, P) -> Pin<Box<dyn Future<Output = Result<R>> + Send + 'a>>
            + Send
            + Sync
            + 'static,
        P: ValueList + LiftList + 'static,
        R: ValueList + LowerList + 'static,
    {
        let path = self.path_of(name);
        self.func_wrap(name, move |store: StoreContextMut<'_, T>, params: P| {
            Accessor::wait_for(&path, store, |accessor| func(accessor, params))?
        })
    }

    /// Defines a function of whatever type the import has that waits: as [`func_new`](LinkerInstance::func_new) and
    /// [`func_wrap_async`](LinkerInstance::func_wrap_async).
    ///
    /// # Errors
    ///
    /// When the name is taken.
    pub fn func_new_async<F>(&mut self, name: &str, func: F) -> Result<()>
    where
        F: for<'a> Fn(
                StoreContextMut<'a, T>,
                &'a [Val],
                &'a mut [Val],
            ) -> Box<dyn Future<Output = Result<()>> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let path = self.path_of(name);
        self.func_new(name, move |store: StoreContextMut<'_, T>, params: &[Val], results: &mut [Val]| {
            wait_for(&path, || Box::into_pin(func(store, params, results)))?
        })
    }

    /// Defines a resource type whose destructor waits: as [`resource`](LinkerInstance::resource) and
    /// [`func_wrap_async`](LinkerInstance::func_wrap_async). The host drops a handle of it with
    /// [`ResourceAny::resource_drop_async`](crate::ResourceAny::resource_drop_async).
    ///
    /// # Errors
    ///
    /// When the name is taken.
    pub fn resource_async<F>(&mut self, name: &str, ty: ResourceType, destructor: F) -> Result<()>
    where
        F: for<'a> Fn(StoreContextMut<'a, T>, u32) -> Box<dyn Future<Output = Result<()>> + Send + 'a>
            + Send
            + Sync
            + 'static,
    {
        let path = format!("destructor of {}", self.path_of(name));
        self.resource(name, ty, move |store: StoreContextMut<'_, T>, rep| {
            wait_for(&path, || Box::into_pin(destructor(store, rep)))?
        })
    }

    /// A name with those that lead to it.
    fn path_of(&self, name: &str) -> String {
        let names: Vec<&str> = self.path.iter().map(|name| &**name).chain([name]).collect();
        join_names(&names)
    }
}
