import type { InputConversion } from "../../xml/http-request-document.ts";
import type { XPath } from "../../xml/xpath.ts";

/** A stylesheet or query of `store:///` that is served natively: what it does. */
export type BuiltInSheet =
  | "identity"
  | "identity of JSON"
  | "JSONx to JSON"
  | "reject"
  | "reject faults";

/** Runs a built-in sheet on its input. */
export interface TransformPlan {
  readonly type: "xform" | "xformpi" | "xformbin" | "xformng";
  readonly sheet: BuiltInSheet;
}

/** Accepts or rejects the message by a built-in sheet. */
export interface FilterPlan {
  readonly type: "filter";
  readonly sheet: BuiltInSheet;
}

/** What of a SOAP message is held against a schema. */
export type SoapValidation = "body" | "body-or-detail" | "ignore-faults" | "envelope";

/** Holds a message against a schema; `url` is a location, or the variable that will hold it. */
export interface ValidatePlan {
  readonly type: "validate";
  readonly language: "xsd" | "json";
  readonly url: string;
  readonly soap: SoapValidation;
}

/** Writes what an expression selects into the output context, or into a variable ("" for none). */
export interface ExtractPlan {
  readonly type: "extract";
  readonly xpath: XPath;
  readonly variable: string;
}

/** Runs its inner action for each node that an expression selects, or so many times. */
export interface ForEachPlan {
  readonly type: "for-each";
  readonly over: XPath | number;
}

/** Runs the inner action of the first condition that holds; they stand in the same order. */
export interface ConditionalPlan {
  readonly type: "conditional";
  readonly conditions: readonly XPath[];
}

/** Makes a form, or a query, an XML document. */
export interface ConvertHttpPlan {
  readonly type: "convert-http";
  readonly conversion: InputConversion;
}

/** Takes attachments away; messages that have any are refused. */
export interface StripAttachmentsPlan {
  readonly type: "strip-attachments";
}

/** The plans of the actions that work on XML and JSON. */
export type XmlActionParts =
  | ConditionalPlan
  | ConvertHttpPlan
  | ExtractPlan
  | FilterPlan
  | ForEachPlan
  | StripAttachmentsPlan
  | TransformPlan
  | ValidatePlan;
