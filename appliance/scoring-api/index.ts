export { defaultScoringApiLimits, type ScoringApiContext, scoringApiRoutes } from './routes.ts'
export { ScoringTokens } from './tokens.ts'
