import type { ModelReference } from '@leadglass/sync-agent/contract'
import type { Execution } from '../execution.ts'
import { type LoadedModel, loadModel, releaseModel } from './model-sessions.ts'

/** Champion, challenger and one shadow fit; more would only hold memory. */
const MOST_MODELS = 3

/** Models that a worker keeps loaded, least recently used first to go. */
export class ModelCache {
  readonly #loaded = new Map<string, LoadedModel>()

  /**
   * The model of a reference, loaded from its folder when it is not there yet.
   * @throws {Error} when the folder holds another package than the reference names, or none that verifies.
   */
  async get(folder: string, model: ModelReference, how?: Execution): Promise<LoadedModel> {
    const present = this.#loaded.get(model.digest)
    if (present !== undefined) {
      this.#loaded.delete(model.digest)
      this.#loaded.set(model.digest, present)
      return present
    }
    const loaded = await loadModel(folder, how)
    const { name, version, digest } = loaded.package.model
    if (digest !== model.digest || name !== model.name || version !== model.version) {
      await releaseModel(loaded)
      throw new Error('the folder holds another package than the job names')
    }
    await this.keep(loaded)
    return loaded
  }

  /** Keeps a model that was loaded elsewhere, so that its first study does not wait for it. */
  async keep(model: LoadedModel): Promise<void> {
    const { digest } = model.package
    const present = this.#loaded.get(digest)
    if (present !== undefined && present !== model) await releaseModel(present)
    this.#loaded.delete(digest)
    this.#loaded.set(digest, model)
    await this.#evict()
  }

  async #evict(): Promise<void> {
    for (const [digest, model] of this.#loaded) {
      if (this.#loaded.size <= MOST_MODELS) return
      this.#loaded.delete(digest)
      await releaseModel(model)
    }
  }
}
