import type {
  AssociationFacts,
  AvailabilityService,
  CommitmentService,
  NetworkServices,
  ProcedureStepService,
  QueryMatch,
  QueryService,
} from './dimse/index.ts'
import type { AuditSink } from './egress/index.ts'

/** What answers about the holdings need. */
export interface AnsweredServiceParts {
  /** Registers what was acknowledged and still waits: who asks what is held is told of all of it. */
  readonly settle: () => void
  readonly audit: Pick<AuditSink, 'recordNow'>
}

/** The services of the port, with an entry for each answer about what is held and each report about what is done. */
export function answeredServices(services: NetworkServices, parts: AnsweredServiceParts): NetworkServices {
  const { commitment, query } = services
  return {
    ...services,
    // The settings decide at each association.
    get procedureSteps() {
      return services.procedureSteps && answeredSteps(services.procedureSteps, parts)
    },
    get availability() {
      return services.availability && answeredAvailability(services.availability, parts)
    },
    ...(commitment === undefined ? {} : { commitment: answeredCommitment(commitment, parts) }),
    ...(query === undefined ? {} : { query: answeredQuery(query, parts) }),
  }
}

/** PS3.15 A.5.3.11, Procedure Record: responsibility for instances was taken or declined. */
function answeredCommitment(service: CommitmentService, { settle, audit }: AnsweredServiceParts): CommitmentService {
  return {
    async request(request, channel) {
      settle()
      const answer = await service.request(request, channel)
      const isAccepted = answer === 'accepted'
      audit.recordNow({
        event: 'commitment.answered',
        ...about(request.association),
        outcome: isAccepted ? 'success' : 'refused',
        codes: [isAccepted ? 'accepted' : 'declined', `instances-${request.instances.length}`],
      })
      return answer
    },
  }
}

/** PS3.15 A.5.3.11: what N-CREATE and N-SET of a performed procedure step said, or that they were declined. */
function answeredSteps(service: ProcedureStepService, { audit }: AnsweredServiceParts): ProcedureStepService {
  const told = (association: AssociationFacts, answer: Answer, codes: readonly string[]): Answer => {
    audit.recordNow({ event: 'procedure-step.reported', ...about(association), ...outcomeOf(answer, codes) })
    return answer
  }
  return {
    create: (step) => told(step.association, service.create(step), ['created']),
    set: (change) => {
      const { status, instances } = change
      const counted = instances === undefined ? [] : [`instances-${instances.length}`]
      const state = status === undefined ? 'changed' : status.toLowerCase().replace(' ', '-')
      return told(change.association, service.set(change), [state, ...counted])
    },
  }
}

/** PS3.4 R.3: somebody said that instances can be had. */
function answeredAvailability(service: AvailabilityService, { audit }: AnsweredServiceParts): AvailabilityService {
  return {
    notify: (notification) => {
      const answer = service.notify(notification)
      const codes = [`instances-${notification.instances.length}`]
      audit.recordNow({
        event: 'availability.notified',
        ...about(notification.association),
        ...outcomeOf(answer, codes),
      })
      return answer
    },
  }
}

type Answer = ReturnType<ProcedureStepService['create']>

/** A refusal by the DIMSE status that went out. */
function outcomeOf(answer: Answer, codes: readonly string[]) {
  if (answer === 'accepted') return { outcome: 'success', codes } as const
  return { outcome: 'refused', codes: [...codes, `status-${answer.status.toString(16).padStart(4, '0')}`] } as const
}

/** PS3.15 A.5.3.10, Query: also one that is broken off. No attribute of the query or of its matches is kept. */
function answeredQuery(service: QueryService, { settle, audit }: AnsweredServiceParts): QueryService {
  return {
    async *find(asked): AsyncGenerator<QueryMatch> {
      settle()
      let matches = 0
      let end: 'complete' | 'declined' | 'broken-off' = 'broken-off'
      try {
        for await (const match of service.find(asked)) {
          if (match.kind === 'match') matches += 1
          else end = 'declined'
          yield match
        }
        if (end === 'broken-off') end = 'complete'
      } finally {
        audit.recordNow({
          event: 'query.answered',
          ...about(asked.association),
          outcome: end === 'complete' ? 'success' : end === 'declined' ? 'refused' : 'failure',
          codes: [end, `matches-${matches}`],
        })
      }
    },
  }
}

function about({ associationId }: AssociationFacts) {
  return {
    actor: { kind: 'system', id: 'dimse' },
    subject: { kind: 'association', id: associationId },
  } as const
}
