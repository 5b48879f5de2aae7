export { type Crash, type CrashPointsOptions, type CrashRun, crashPoints, underCrash } from './crash-kit.ts';
export { type ContractSetup, type StoreUnderTest, storeContract } from './store-contract.ts';
