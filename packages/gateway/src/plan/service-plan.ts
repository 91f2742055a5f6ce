import type { Origin } from "../config/model.ts";
import type { JsonLimits } from "../json/limits.ts";
import type { ScriptKeys } from "../script/script-keys.ts";
import type { XmlLimits } from "../xml/limits.ts";
import type { ActionPlan } from "./actions/action-plan.ts";
import type { BacksidePlan } from "./backside/backside-plan.ts";
import type { ServerTls } from "./crypto/server-tls-plan.ts";
import type { Matcher } from "./matching.ts";
import type { UrlRewritePlan } from "./rewrite-rule.ts";

/** One front side handler: where it listens and what it lets in. Times are in milliseconds. */
export interface ListenerPlan {
  readonly alias: "source-http" | "source-https" | "xmlfirewall";
  readonly name: string;
  readonly domain: string;
  readonly origin: Origin;
  readonly address: string;
  readonly port: number;
  readonly features: ReadonlySet<string>;
  readonly persistent: boolean;
  /** 0 is no limit. */
  readonly maxPersistentReuse: number;
  readonly maxUrlLength: number;
  readonly maxHeaderBytes: number;
  readonly maxHeaderCount: number;
  readonly maxHeaderNameLength: number;
  readonly maxHeaderValueLength: number;
  readonly maxQueryLength: number;
  readonly headerTimeout: number;
  /** True for the address of a client that is let in; undefined lets everybody in. */
  readonly admits?: ((address: string) => boolean) | undefined;
  /** Gzip for clients that accept it, and from those that send it. */
  readonly compression: boolean;
  /** False gives every answer a length, or the end of its connection. */
  readonly chunked: boolean;
  /** True lets clients change to WebSocket; a connection may then be silent for so long (0: ever). */
  readonly webSocket: boolean;
  readonly webSocketIdle: number;
  /** Limits of HTTP/2: streams of a connection, bytes of a frame, milliseconds (0: as HTTP/1.1). */
  readonly http2: {
    readonly maxStreams: number;
    readonly maxFrame: number;
    readonly idleTimeout: number;
  };
  /** Absent where clients speak plainly. */
  readonly tls?: ServerTls | undefined;
}

export type Direction = "request-rule" | "response-rule" | "rule" | "error-rule";

export interface RulePlan {
  readonly name: string;
  readonly direction: Direction;
  readonly actions: readonly ActionPlan[];
}

/** One `match` line of a stylepolicy, in evaluation order. */
export interface PolicyEntry {
  readonly matching: string;
  readonly matches: Matcher;
  /** True when the matching looks into the message. */
  readonly readsContent: boolean;
  readonly rule: RulePlan;
}

/** What answers a failure that no error rule took care of. */
export type ErrorActionPlan = {
  readonly name: string;
  /** Undefined leaves what the failure has. */
  readonly status: number | undefined;
  readonly reason: string | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
} & (
  | { readonly type: "static"; readonly url: string }
  | { readonly type: "redirect"; readonly url: string }
  | { readonly type: "proxy"; readonly url: string }
  | { readonly type: "error-rule"; readonly rule: RulePlan }
);

/** One `match` line of an error policy, in evaluation order. */
export interface ErrorPolicyEntry {
  readonly matches: Matcher;
  readonly action: ErrorActionPlan;
}

/** A schema that the XML messages of a service have to keep where the matching holds. */
export interface ManagerValidation {
  readonly matches: Matcher;
  readonly schema: string;
  readonly origin: Origin;
}

export type MessageType = "preprocessed" | "json" | "xml" | "soap" | "unprocessed";

/** A header edit of `inject` and `suppress`. */
export interface HeaderEdit {
  readonly side: "front" | "back";
  readonly name: string;
  /** Undefined to suppress. */
  readonly value?: string;
}

/** Where the messages of a service go; `loopback` answers with what its request rule made. */
export type BackendPlan =
  | { readonly type: "dynamic" }
  | { readonly type: "loopback" }
  | { readonly type: "static"; readonly url: URL };

/** A service that can be served, with everything that it refers to. Times in ms. */
export interface ServicePlan {
  readonly domain: string;
  readonly name: string;
  readonly policyName: string;
  readonly kind: "MultiProtocolGateway" | "XMLFirewallService";
  readonly alias: "mpgw" | "xmlfirewall";
  readonly xmlManager: string;
  readonly defaultStylesheet: string;
  readonly origin: Origin;
  readonly listeners: readonly ListenerPlan[];
  readonly policy: readonly PolicyEntry[];
  /** Rules that `call` names. */
  readonly rules: ReadonlyMap<string, RulePlan>;
  /** Rules that a variable may name and that cannot be served, with the reason. */
  readonly uncallable: ReadonlyMap<string, string>;
  readonly backend: BackendPlan;
  readonly backside: BacksidePlan;
  readonly requestType: MessageType;
  readonly responseType: MessageType;
  readonly xmlLimits: XmlLimits;
  readonly jsonLimits: JsonLimits;
  /** Schemas that messages of the types `xml` and `soap` have to keep besides. */
  readonly xmlValidations: readonly ManagerValidation[];
  /** The schema of messages of the type `soap`. */
  readonly soapSchema: string;
  readonly forcePolicyExec: boolean;
  readonly propagateUri: boolean;
  /** What of routing-url counts: all of it, or its host with the message's own URI. */
  readonly routedUri: "as routed" | "of the message";
  readonly processHttpErrors: boolean;
  /** Failing answers of the backend go to the client as they are. */
  readonly proxyHttpResponse: boolean;
  readonly loopDetection: boolean;
  /** Milliseconds for the whole transaction; 0 is no limit. */
  readonly transactionTimeout: number;
  /** Applied to requests before matching, and to responses. */
  readonly urlRewrite: UrlRewritePlan | undefined;
  readonly errorPolicy: readonly ErrorPolicyEntry[];
  readonly hostRewriting: boolean;
  readonly chunkedUploads: boolean;
  readonly allowCacheControl: boolean;
  readonly followRedirects: boolean;
  readonly backPersistent: boolean;
  readonly frontTimeout: number;
  readonly backTimeout: number;
  readonly frontPersistentTimeout: number;
  readonly backPersistentTimeout: number;
  /** Bytes; 0 is no limit of its own. */
  readonly maxMessageBytes: number;
  readonly clientIpLabel: string;
  readonly transactionIdLabel: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly headerEdits: readonly HeaderEdit[];
  /** Other files of the service's scripts, found by following `require`. */
  readonly scripts: readonly string[];
  /** Keys that scripts can use by name; undefined when none of them uses keys. */
  readonly scriptKeys: ScriptKeys | undefined;
}

/** Why a service is down: file, line and object are always known. */
export interface Obstacle {
  readonly domain: string;
  readonly service: string;
  readonly object: string;
  readonly origin: Origin;
  readonly why: string;
}

export type PlannedService =
  | { readonly state: "ready"; readonly plan: ServicePlan }
  | {
      readonly state: "down";
      readonly domain: string;
      readonly name: string;
      readonly kind: string;
      readonly obstacles: readonly Obstacle[];
    }
  | {
      readonly state: "disabled";
      readonly domain: string;
      readonly name: string;
      readonly kind: string;
    };

/** `mpgw "echo" (config/echo/echo.cfg:412): why` */
export function obstacleText(obstacle: Obstacle): string {
  return `${obstacle.object} (${obstacle.origin.file}:${obstacle.origin.line}): ${obstacle.why}`;
}
