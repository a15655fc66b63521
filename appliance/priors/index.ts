export { type Prior, type PriorArchive, PriorFetcher, type PriorFetcherParts } from './prior-fetcher.ts'
export { MoveRouter } from './prior-storage.ts'
export { relevantPriors } from './relevant.ts'
export { PriorVault } from './vault.ts'
