/**
 * The part of the metadata reflection proposal that the certificate library's container asks for before it will load:
 * keyed metadata on classes, looked up along the prototype chain. Imported once, before the library.
 */
const store = new WeakMap<object, Map<unknown, unknown>>()

function own(key: unknown, target: object): unknown {
  return store.get(target)?.get(key)
}

function inherited(key: unknown, target: object | null): unknown {
  for (let owner = target; owner !== null; owner = Object.getPrototypeOf(owner) as object | null) {
    if (store.get(owner)?.has(key) === true) return own(key, owner)
  }
  return undefined
}

function define(key: unknown, value: unknown, target: object): void {
  const entries = store.get(target) ?? new Map<unknown, unknown>()
  entries.set(key, value)
  store.set(target, entries)
}

if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, { getMetadata: inherited, getOwnMetadata: own, defineMetadata: define })
}
