import { type UserWorkspaceConfig } from 'vitest/config';
/** Every connection string comes from this cluster: one for the whole run, started when the first project asks. */
export declare const postgresSetup: string;
/** A workspace's part of the run: its tests stand in `test/`, apart from what is published. */
export declare function workspace(name: string, test?: UserWorkspaceConfig['test']): UserWorkspaceConfig;
