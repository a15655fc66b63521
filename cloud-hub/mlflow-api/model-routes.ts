import { RegistryError } from '../registry/index.ts'
import { type NumberedVersion, sourceOf, versionAnswer } from './answers.ts'
import { MlflowError } from './errors.ts'
import { type Field, page, parseFilter, parseOrder } from './filter.ts'
import * as form from './requests.ts'
import { answerOf, type MlflowParts, type MlflowRoute, type MlflowWriter } from './route.ts'

const PROTECTED_TAG = /^leadglass\./
const GOVERNED =
  'versions enter by import of a package, are released by signatures, and are never changed or taken away'

/** Acts of MLflow's registry that would go round signatures, and how they come in. */
const REFUSED: readonly (readonly ['POST' | 'PATCH' | 'DELETE', string])[] = [
  ['POST', 'registered-models/create'],
  ['POST', 'registered-models/rename'],
  ['PATCH', 'registered-models/update'],
  ['DELETE', 'registered-models/delete'],
  ['POST', 'model-versions/create'],
  ['PATCH', 'model-versions/update'],
  ['DELETE', 'model-versions/delete'],
  ['POST', 'model-versions/transition-stage'],
]

/** Registered models, their versions and aliases: read freely; written only where governance is not concerned. */
export function modelRoutes(parts: MlflowParts): MlflowRoute[] {
  const { view, runs } = parts
  /** A tag of a whole model is noted at its newest version: the log names models by their versions. */
  const tagged = (caller: MlflowWriter, of: NumberedVersion | undefined, code: string): void =>
    parts.record(
      'experiment.recorded',
      caller.account,
      of === undefined ? null : { kind: 'model', id: of.version.model.digest },
      code,
    )
  const latest = (name: string): unknown => ({ model_versions: view.versions(name).slice(0, 1).map(versionAnswer) })
  return [
    answerOf('GET', 'registered-models/get', form.byModel, ({ name }) => ({ registered_model: view.model(name) })),
    answerOf('GET', 'registered-models/search', form.search, (request) => {
      const value = (model: string, { of, key }: Field): string | undefined =>
        of === 'tags'
          ? runs.tags(`model:${model}`).find((tag) => tag.key === key)?.value
          : key === 'name'
            ? model
            : undefined
      const names = parts.names().filter(parseFilter(request.filter, value)).sort(parseOrder(request.order_by, value))
      const { rows, next } = page(names, request.max_results, request.page_token)
      return { registered_models: rows.map((name) => view.model(name)), next_page_token: next }
    }),
    ...(['GET', 'POST'] as const).map((method) =>
      answerOf(method, 'registered-models/get-latest-versions', form.byModel, ({ name }) => latest(name)),
    ),
    answerOf('GET', 'model-versions/get', form.byVersion, ({ name, version }) => ({
      model_version: versionAnswer(view.version(name, version)),
    })),
    answerOf('GET', 'model-versions/get-download-uri', form.byVersion, ({ name, version }) => ({
      artifact_uri: sourceOf(view.version(name, version).version),
    })),
    answerOf('GET', 'model-versions/search', form.search, (request) => {
      const found = view
        .all()
        .filter(parseFilter(request.filter, versionValue))
        .sort(parseOrder(request.order_by, versionValue))
      const { rows, next } = page(found, request.max_results, request.page_token)
      return { model_versions: rows.map(versionAnswer), next_page_token: next }
    }),
    answerOf('GET', 'registered-models/alias', form.byAlias, ({ name, alias }) => ({
      model_version: versionAnswer(view.byAlias(name, alias)),
    })),
    answerOf.write('registered-models/alias', form.setAlias, ({ name, alias, version }, caller) => {
      const { version: known } = view.version(name, version)
      governed(() => view.setAlias(name, alias, known, caller.account))
      parts.record('alias.changed', caller.account, { kind: 'model', id: known.model.digest }, 'alias-set')
      return {}
    }),
    answerOf.remove('registered-models/alias', form.byAlias, ({ name, alias }, caller) => {
      const { version } = view.byAlias(name, alias)
      governed(() => view.removeAlias(name, alias))
      parts.record('alias.changed', caller.account, { kind: 'model', id: version.model.digest }, 'alias-removed')
      return {}
    }),
    answerOf.write('registered-models/set-tag', form.modelTag, ({ name, ...tag }, caller) => {
      const newest = view.versions(name)[0]
      runs.setTag(`model:${name}`, freeTag(tag))
      tagged(caller, newest, 'model-tag-set')
      return {}
    }),
    answerOf.write('model-versions/set-tag', form.versionTag, ({ name, version, ...tag }, caller) => {
      const known = view.version(name, version)
      runs.setTag(`version:${known.version.model.digest}`, freeTag(tag))
      tagged(caller, known, 'tag-set')
      return {}
    }),
    answerOf.remove('registered-models/delete-tag', form.deleteModelTag, ({ name, key }, caller) => {
      const newest = view.versions(name)[0]
      runs.deleteTag(`model:${name}`, key)
      tagged(caller, newest, 'model-tag-removed')
      return {}
    }),
    answerOf.remove('model-versions/delete-tag', form.deleteVersionTag, ({ name, version, key }, caller) => {
      const known = view.version(name, version)
      runs.deleteTag(`version:${known.version.model.digest}`, key)
      tagged(caller, known, 'tag-removed')
      return {}
    }),
    ...REFUSED.map(
      ([method, path]): MlflowRoute => ({
        method,
        path,
        writes: true,
        handle: () => {
          throw new MlflowError('PERMISSION_DENIED', GOVERNED)
        },
      }),
    ),
  ]
}

/** What the registry refuses for the sake of signatures, in MLflow's words. */
function governed(act: () => void): void {
  try {
    act()
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'alias-derived') {
      throw new MlflowError('PERMISSION_DENIED', error.message)
    }
    if (error instanceof RegistryError) throw new MlflowError('INVALID_PARAMETER_VALUE', error.message)
    throw error
  }
}

/** Tags that the hub writes itself are nobody else's. */
function freeTag<Tag extends { readonly key: string }>(tag: Tag): Tag {
  if (PROTECTED_TAG.test(tag.key)) throw new MlflowError('PERMISSION_DENIED', 'tags of the hub are written by the hub')
  return tag
}

function versionValue(one: NumberedVersion, { of, key }: Field): string | number | undefined {
  if (of === 'tags') return one.tags.find((tag) => tag.key === key)?.value
  const values: Readonly<Record<string, string | number | undefined>> = {
    name: one.version.model.name,
    run_id: one.run,
    version_number: one.number,
    version: one.number,
    creation_timestamp: Date.parse(one.version.importedAt),
    source_path: sourceOf(one.version),
  }
  return values[key]
}
