/**
 * SQLite's functions that PostgreSQL lacks or reads otherwise, made once in the hub's schema. The ones with a name of SQLite's
 * are found by the number and type of their arguments beside PostgreSQL's own.
 */
export const SQLITE_FUNCTIONS = `
CREATE FUNCTION ifnull(anycompatible, anycompatible) RETURNS anycompatible LANGUAGE sql IMMUTABLE
  AS 'SELECT coalesce($1, $2)';
CREATE FUNCTION iif(boolean, anycompatible, anycompatible) RETURNS anycompatible LANGUAGE sql IMMUTABLE
  AS 'SELECT CASE WHEN $1 THEN $2 ELSE $3 END';
-- With a null among them the scalar forms are null, which PostgreSQL's greatest and least are not.
CREATE FUNCTION max(anycompatible, anycompatible) RETURNS anycompatible LANGUAGE sql IMMUTABLE STRICT
  AS 'SELECT greatest($1, $2)';
CREATE FUNCTION min(anycompatible, anycompatible) RETURNS anycompatible LANGUAGE sql IMMUTABLE STRICT
  AS 'SELECT least($1, $2)';
CREATE FUNCTION instr(text, text) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS 'SELECT strpos($1, $2)::bigint';
CREATE FUNCTION hex(bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT upper(encode($1, 'hex')) $$;
CREATE FUNCTION zeroblob(bigint) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT decode(repeat('00', $1::integer), 'hex') $$;
CREATE FUNCTION round(double precision, bigint) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT
  AS 'SELECT round($1::numeric, $2::integer)::double precision';
CREATE FUNCTION unixepoch() RETURNS bigint LANGUAGE sql STABLE
  AS 'SELECT floor(extract(epoch FROM clock_timestamp()))::bigint';

-- CAST as SQLite does it.
CREATE FUNCTION leadglass_text(bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT convert_from($1, 'UTF8') $$;
CREATE FUNCTION leadglass_text(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1';
CREATE FUNCTION leadglass_text(anyelement) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1::text';
CREATE FUNCTION leadglass_blob(text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS $$ SELECT convert_to($1, 'UTF8') $$;
CREATE FUNCTION leadglass_blob(bytea) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1';
CREATE FUNCTION leadglass_integer(bigint) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1';
CREATE FUNCTION leadglass_integer(double precision) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT
  AS 'SELECT trunc($1)::bigint';
CREATE FUNCTION leadglass_integer(boolean) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1::integer::bigint';
CREATE FUNCTION leadglass_integer(text) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT coalesce(substring($1 FROM '^\\s*([+-]?[0-9]+)')::bigint, 0) $$;
CREATE FUNCTION leadglass_real(double precision) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1';
CREATE FUNCTION leadglass_real(text) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT coalesce(substring($1 FROM '^\\s*([+-]?[0-9]+\\.?[0-9]*(?:[eE][+-]?[0-9]+)?)')::double precision, 0) $$;

-- GLOB as a regular expression: * and ? are any text and any character, a bracket stays what it is.
CREATE FUNCTION leadglass_glob(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT '^' || replace(replace(regexp_replace($1, '([.^$+(){}|\\\\])', '\\\\\\1', 'g'), '*', '.*'), '?', '.') || '$' $$;

CREATE FUNCTION json_valid(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE STRICT AS $$
BEGIN
  PERFORM $1::jsonb;
  RETURN true;
EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
  RETURN false;
END $$;
-- A string without its quotation marks; null where the path leads nowhere.
CREATE FUNCTION json_extract(text, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
  AS $$ SELECT jsonb_path_query_first($1::jsonb, $2::jsonpath) #>> '{}' $$;
CREATE FUNCTION json_array_length(text) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT
  AS 'SELECT jsonb_array_length($1::jsonb)::bigint';
CREATE FUNCTION json_each(text) RETURNS TABLE (key text, value text, type text) LANGUAGE plpgsql IMMUTABLE STRICT AS $$
#variable_conflict use_column
BEGIN
  IF jsonb_typeof($1::jsonb) = 'array' THEN
    RETURN QUERY SELECT (n - 1)::text, e #>> '{}', jsonb_typeof(e) FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS t (e, n);
  ELSE
    RETURN QUERY SELECT t.k, t.e #>> '{}', jsonb_typeof(t.e) FROM jsonb_each($1::jsonb) AS t (k, e);
  END IF;
END $$;

-- A comparison is a number in SQLite, and may be added up.
CREATE FUNCTION leadglass_add(bigint, boolean) RETURNS bigint LANGUAGE sql IMMUTABLE
  AS 'SELECT CASE WHEN $2 IS NULL THEN $1 ELSE coalesce($1, 0) + $2::integer END';
CREATE AGGREGATE sum(boolean) (SFUNC = leadglass_add, STYPE = bigint);
CREATE FUNCTION leadglass_add_real(double precision, double precision) RETURNS double precision LANGUAGE sql IMMUTABLE
  AS 'SELECT $1 + coalesce($2, 0)';
CREATE AGGREGATE total(double precision) (SFUNC = leadglass_add_real, STYPE = double precision, INITCOND = '0');
CREATE AGGREGATE max(boolean) (SFUNC = boolor_statefunc, STYPE = boolean);
CREATE AGGREGATE min(boolean) (SFUNC = booland_statefunc, STYPE = boolean);
CREATE FUNCTION leadglass_concat(text, text, text) RETURNS text LANGUAGE sql IMMUTABLE
  AS 'SELECT CASE WHEN $2 IS NULL THEN $1 WHEN $1 IS NULL THEN $2 ELSE $1 || $3 || $2 END';
CREATE FUNCTION leadglass_concat(text, text) RETURNS text LANGUAGE sql IMMUTABLE
  AS $$ SELECT leadglass_concat($1, $2, ',') $$;
CREATE AGGREGATE group_concat(text) (SFUNC = leadglass_concat, STYPE = text);
CREATE AGGREGATE group_concat(text, text) (SFUNC = leadglass_concat, STYPE = text);
`
