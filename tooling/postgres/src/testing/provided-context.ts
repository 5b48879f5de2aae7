import 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** The administrator's URL of the run's cluster: `createDatabase(inject('postgresUrl'), …)`. */
    postgresUrl: string;
  }
}
