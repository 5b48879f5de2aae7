import type {} from './provided-context.ts';

export { createDatabase, type Template, type TestDatabase } from './create-database.ts';
