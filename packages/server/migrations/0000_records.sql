CREATE TABLE "oncekey_records" (
	"scope" text NOT NULL,
	"key" text NOT NULL,
	"operation" text NOT NULL,
	"fingerprint" "bytea" NOT NULL,
	"execution_id" uuid NOT NULL,
	"result" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	CONSTRAINT "oncekey_records_pkey" PRIMARY KEY("scope","key"),
	CONSTRAINT "oncekey_records_id_check" CHECK ("oncekey_records"."scope" <> '' and "oncekey_records"."key" <> '')
);
--> statement-breakpoint
CREATE INDEX "oncekey_records_expires_at_idx" ON "oncekey_records" USING btree ("expires_at");