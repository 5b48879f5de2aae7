export { type ProxyServer, startProxy, type Weather } from './proxy.ts';
