import { experimentAnswer, metricAnswer, runAnswer } from './answers.ts'
import { invalid, MlflowError, notFound } from './errors.ts'
import { type Field, page, parseFilter, parseOrder } from './filter.ts'
import { HUB_EXPERIMENT } from './hub-runs.ts'
import * as form from './requests.ts'
import { answerOf, type MlflowParts, type MlflowRoute, type MlflowWriter } from './route.ts'
import type { Experiment, LoggedRun } from './run-rows.ts'

/** Experiments and runs. Those of the hub's own training are read here like any other, and written by nobody. */
export function experimentRoutes(parts: MlflowParts): MlflowRoute[] {
  const { runs } = parts
  const experiments = (): Experiment[] => [HUB_EXPERIMENT, ...runs.experiments()]
  const experiment = (found: Experiment | undefined): unknown => {
    if (found === undefined) throw notFound('experiment')
    return { experiment: experimentAnswer(found) }
  }
  const run = (id: string): LoggedRun => {
    const found = runs.run(id) ?? parts.hubRuns().find((one) => one.run === id)
    if (found === undefined) throw notFound('run')
    return found
  }
  const recorded = (caller: MlflowWriter, id: string, code: string): void =>
    parts.record('experiment.recorded', caller.account, { kind: 'training', id }, code)
  // An experiment's number is no identifier of the log; it stands among the codes.
  const noted = (caller: MlflowWriter, experiment: string, code: string): void =>
    parts.record('experiment.recorded', caller.account, null, code, `experiment-${experiment}`)
  const lifecycle = (caller: MlflowWriter, id: string, to: Experiment['lifecycle']): unknown => {
    refuseHub(id)
    runs.mark(id, to)
    noted(caller, id, to === 'deleted' ? 'experiment-deleted' : 'experiment-restored')
    return {}
  }
  return [
    answerOf('GET', 'experiments/get', form.byExperiment, (request) =>
      experiment(experiments().find((one) => one.id === request.experiment_id)),
    ),
    answerOf('GET', 'experiments/get-by-name', form.byExperimentName, (request) =>
      experiment(experiments().find((one) => one.name === request.experiment_name)),
    ),
    ...(['GET', 'POST'] as const).map((method) =>
      answerOf(method, 'experiments/search', form.search, (request) => {
        const matches = parseFilter(request.filter, experimentValue)
        const found = experiments()
          .filter((one) => seen(one.lifecycle, request.view_type) && matches(one))
          .sort(parseOrder(request.order_by, experimentValue))
        const { rows, next } = page(found, request.max_results, request.page_token)
        return { experiments: rows.map(experimentAnswer), next_page_token: next }
      }),
    ),
    answerOf.write('experiments/create', form.createExperiment, ({ name, tags }, caller) => {
      if (name === HUB_EXPERIMENT.name)
        throw new MlflowError('RESOURCE_ALREADY_EXISTS', 'this experiment is the hub’s own')
      const id = runs.createExperiment(name, tags, caller.account)
      noted(caller, id, 'experiment-created')
      return { experiment_id: id }
    }),
    answerOf.write('experiments/delete', form.byExperiment, (request, caller) =>
      lifecycle(caller, request.experiment_id, 'deleted'),
    ),
    answerOf.write('experiments/restore', form.byExperiment, (request, caller) =>
      lifecycle(caller, request.experiment_id, 'active'),
    ),
    answerOf.write('experiments/set-experiment-tag', form.experimentTag, ({ experiment_id, key, value }, caller) => {
      refuseHub(experiment_id)
      if (runs.experiment(experiment_id) === undefined) throw notFound('experiment')
      runs.setTag(`experiment:${experiment_id}`, { key, value })
      noted(caller, experiment_id, 'tag-set')
      return {}
    }),
    answerOf.write('runs/create', form.createRun, (request, caller) => {
      refuseHub(request.experiment_id)
      const created = runs.createRun({
        experiment: request.experiment_id,
        name: request.run_name,
        user: request.user_id,
        person: caller.account,
        startMs: request.start_time,
        tags: request.tags,
      })
      recorded(caller, created.run, 'run-opened')
      return { run: runAnswer(created) }
    }),
    answerOf('GET', 'runs/get', form.byRun, (request) => ({ run: runAnswer(run(request.run_id)) })),
    answerOf('POST', 'runs/search', form.search, (request) => {
      const matches = parseFilter(request.filter, runValue)
      const found = request.experiment_ids
        .flatMap((id) =>
          id === HUB_EXPERIMENT.id ? parts.hubRuns() : form.experimentId.safeParse(id).success ? runs.runs(id) : [],
        )
        .filter((one) => seen(one.lifecycle, request.run_view_type) && matches(one))
        .sort(parseOrder(request.order_by, runValue))
      const { rows, next } = page(found, request.max_results, request.page_token)
      return { runs: rows.map(runAnswer), next_page_token: next }
    }),
    answerOf.write('runs/update', form.updateRun, ({ run_id, status, end_time, run_name }, caller) => {
      const updated = runs.updateRun(run_id, {
        ...(status === undefined ? {} : { status }),
        ...(end_time === undefined ? {} : { endMs: end_time }),
        ...(run_name === undefined ? {} : { name: run_name }),
      })
      if (end_time !== undefined) recorded(caller, run_id, 'run-closed')
      return { run_info: runAnswer(updated).info }
    }),
    answerOf.write('runs/delete', form.byRun, ({ run_id }, caller) => {
      runs.markRun(run_id, 'deleted')
      recorded(caller, run_id, 'run-hidden')
      return {}
    }),
    answerOf.write('runs/restore', form.byRun, ({ run_id }, caller) => {
      runs.markRun(run_id, 'active')
      recorded(caller, run_id, 'run-restored')
      return {}
    }),
    answerOf.write('runs/log-metric', form.logMetric, ({ run_id, ...metric }) => {
      runs.log(run_id, { metrics: [metric] })
      return {}
    }),
    answerOf.write('runs/log-parameter', form.logParam, ({ run_id, ...param }) => {
      runs.log(run_id, { params: [param] })
      return {}
    }),
    answerOf.write('runs/set-tag', form.setTag, ({ run_id, ...tag }, caller) => {
      runs.log(run_id, { tags: [tag] })
      recorded(caller, run_id, 'tag-set')
      return {}
    }),
    answerOf.write('runs/delete-tag', form.deleteTag, ({ run_id, key }, caller) => {
      runs.deleteTag(`run:${run_id}`, key)
      recorded(caller, run_id, 'tag-removed')
      return {}
    }),
    answerOf.write('runs/log-batch', form.logBatch, ({ run_id, ...batch }) => {
      runs.log(run_id, batch)
      return {}
    }),
    answerOf('GET', 'metrics/get-history', form.metricHistory, (request) => {
      const history =
        runs.run(request.run_id) === undefined
          ? run(request.run_id).metrics.filter((one) => one.key === request.metric_key)
          : runs.history(request.run_id, request.metric_key)
      const { rows, next } = page(history, request.max_results, request.page_token)
      return { metrics: rows.map(metricAnswer), next_page_token: next }
    }),
    answerOf('GET', 'artifacts/list', form.byRun, (request) => ({
      root_uri: `mlflow-artifacts:/runs/${run(request.run_id).run}`,
      files: [],
    })),
  ]
}

function refuseHub(experiment: string): void {
  if (experiment === HUB_EXPERIMENT.id) {
    throw new MlflowError('PERMISSION_DENIED', 'only the hub’s own training writes this experiment')
  }
}

function seen(lifecycle: 'active' | 'deleted', view: 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL'): boolean {
  return view === 'ALL' || (lifecycle === 'active') === (view === 'ACTIVE_ONLY')
}

function experimentValue(one: Experiment, { of, key }: Field): string | number | undefined {
  if (of === 'tags') return one.tags.find((tag) => tag.key === key)?.value
  const values: Readonly<Record<string, string | number>> = {
    name: one.name,
    experiment_id: one.id,
    creation_time: one.createdMs,
    last_update_time: one.updatedMs,
  }
  return values[key]
}

function runValue(one: LoggedRun, { of, key }: Field): string | number | undefined {
  if (of === 'metrics') return one.metrics.find((metric) => metric.key === key)?.value
  if (of === 'params') return one.params.find((param) => param.key === key)?.value
  if (of === 'tags') return one.tags.find((tag) => tag.key === key)?.value
  const values: Readonly<Record<string, string | number | undefined>> = {
    run_id: one.run,
    run_name: one.name,
    status: one.status,
    user_id: one.user,
    start_time: one.startMs,
    end_time: one.endMs ?? undefined,
    created: one.startMs,
  }
  if (!(key in values)) throw invalid('the filter names an attribute that there is not')
  return values[key]
}
