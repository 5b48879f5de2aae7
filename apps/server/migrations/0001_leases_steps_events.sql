CREATE TABLE "oncekey_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "oncekey_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"kind" text NOT NULL,
	"scope" text NOT NULL,
	"key" text NOT NULL,
	"operation" text NOT NULL,
	"execution_id" uuid,
	"attempt" integer,
	"actor" text,
	"detail" jsonb
);
--> statement-breakpoint
CREATE TABLE "oncekey_steps" (
	"scope" text NOT NULL,
	"execution_id" uuid NOT NULL,
	"name" text NOT NULL,
	"attempt" integer NOT NULL,
	"result" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "oncekey_steps_pkey" PRIMARY KEY("scope","execution_id","name")
);
--> statement-breakpoint
ALTER TABLE "oncekey_records" ADD COLUMN "state" text DEFAULT 'succeeded' NOT NULL;--> statement-breakpoint
ALTER TABLE "oncekey_records" ADD COLUMN "attempt" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "oncekey_records" ADD COLUMN "lease_expires_at" timestamp with time zone;--> statement-breakpoint
ALTER TABLE "oncekey_records" ADD COLUMN "dedupe_key" text;--> statement-breakpoint
ALTER TABLE "oncekey_records" ADD COLUMN "dedupe_until" timestamp with time zone;--> statement-breakpoint
CREATE INDEX "oncekey_events_id_idx" ON "oncekey_events" USING btree ("scope","key");--> statement-breakpoint
CREATE INDEX "oncekey_events_at_idx" ON "oncekey_events" USING brin ("at");--> statement-breakpoint
CREATE UNIQUE INDEX "oncekey_records_dedupe_idx" ON "oncekey_records" USING btree ("scope","operation","dedupe_key") WHERE "oncekey_records"."dedupe_key" is not null;--> statement-breakpoint
CREATE INDEX "oncekey_records_unsettled_idx" ON "oncekey_records" USING btree ("execution_id") WHERE "oncekey_records"."dedupe_key" is not null;--> statement-breakpoint
ALTER TABLE "oncekey_records" ADD CONSTRAINT "oncekey_records_lease_check" CHECK (("oncekey_records"."state" = 'running') = ("oncekey_records"."lease_expires_at" is not null));