PRAGMA application_id = 1953328231;
PRAGMA user_version = 3;
BEGIN TRANSACTION;
CREATE TABLE entries (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            entry INTEGER NOT NULL UNIQUE,
            target TEXT NOT NULL,
            surface TEXT NOT NULL,
            probe TEXT NOT NULL,
            model TEXT NOT NULL,
            reserved_at REAL NOT NULL,
            day INTEGER NOT NULL CHECK (typeof(day) = 'integer'),
            month INTEGER NOT NULL CHECK (typeof(month) = 'integer'),
            asked INTEGER NOT NULL CHECK (asked IN (0, 1)),
            worst INTEGER NOT NULL CHECK (typeof(worst) = 'integer' AND worst >= 0),
            settled INTEGER CHECK (settled IS NULL OR settled >= 0),
            amount INTEGER NOT NULL CHECK (amount = coalesce(settled, worst))
        );
INSERT INTO "entries" VALUES(1,940593818487638224,'serverless','serverless','chat_stream','openai/gpt-oss-20b',1.79539143760113358494e+09,20779,24322,0,800000000,590000000,590000000);
INSERT INTO "entries" VALUES(2,1542739243552136019,'serverless','serverless','kv_cache','google/gemma-4-31B-it',1.79539143781341600423e+09,20779,24322,0,21750000000,153680000,153680000);
INSERT INTO "entries" VALUES(3,2276630700550952019,'on_demand','on_demand','chat','openai-gpt-oss-120b-gpu-type-h200x1_8nic16',1.79539143845344901086e+09,20779,24322,0,560000000,350000000,350000000);
INSERT INTO "entries" VALUES(4,4510464945118309143,'on_demand','on_demand','chat_stream','openai-gpt-oss-120b-gpu-type-h200x1_8nic16',1.7953914384819521904e+09,20779,24322,0,800000000,590000000,590000000);
INSERT INTO "entries" VALUES(5,1493247661166691712,'serverless','serverless','responses_stream','google/gemma-4-31B-it',1.79539143900906109814e+09,20779,24322,0,15360000,9480000,9480000);
INSERT INTO "entries" VALUES(6,1241375015606870648,'on_demand','on_demand','kv_cache','openai-gpt-oss-120b-gpu-type-h200x1_8nic16',1.79539143910453319547e+09,20779,24322,0,21750000000,10700000000,10700000000);
INSERT INTO "entries" VALUES(7,4171889291839834820,'serverless','serverless','kv_cache','openai/gpt-oss-20b',1.79539143922924494746e+09,20779,24322,0,218300000,55800000,55800000);
INSERT INTO "entries" VALUES(8,1913997867154029786,'serverless','serverless','responses_stream','openai/gpt-oss-20b',1.79539144000610208511e+09,20779,24322,0,6400000,3500000,3500000);
INSERT INTO "entries" VALUES(9,4299297761461472500,'on_demand','on_demand','responses_stream','openai-gpt-oss-120b-gpu-type-h200x1_8nic16',1.79539144002522420883e+09,20779,24322,0,560000000,350000000,350000000);
INSERT INTO "entries" VALUES(10,2042232407483483609,'serverless','serverless','completions','google/gemma-4-31B-it',1.79539144027710032458e+09,20779,24322,0,15360000,8640000,8640000);
INSERT INTO "entries" VALUES(11,1035567568729082172,'serverless','serverless','chat_stream','openai/gpt-oss-20b',1.79539144037370729453e+09,20779,24322,0,9600000,6700000,6700000);
INSERT INTO "entries" VALUES(12,864659769687138860,'serverless','serverless','completions','openai/gpt-oss-20b',1.7953914406602604389e+09,20779,24322,0,6400000,4000000,4000000);
INSERT INTO "entries" VALUES(13,3465360352766410644,'on_demand','on_demand','chat_stream','openai-gpt-oss-120b-gpu-type-h200x1_8nic16',1.79539144124515914922e+09,20779,24322,0,800000000,590000000,590000000);
INSERT INTO "entries" VALUES(14,1450696521910119433,'serverless','serverless','chat','openai/gpt-oss-20b',1.79539144135598516469e+09,20779,24322,0,6400000,3500000,3500000);
INSERT INTO "entries" VALUES(15,1565477556042788709,'serverless','serverless','responses','openai/gpt-oss-20b',1.79539144140272355085e+09,20779,24322,0,6400000,3500000,3500000);
INSERT INTO "entries" VALUES(16,2229122542745720818,'serverless','serverless','completions_stream','openai/gpt-oss-20b',1.79539144167350316052e+09,20779,24322,0,6400000,4000000,4000000);
INSERT INTO "entries" VALUES(17,3248847081314191487,'serverless','serverless','chat_stream','google/gemma-4-31B-it',1.79539144181637477879e+09,20779,24322,0,21760000,13640000,13640000);
INSERT INTO "entries" VALUES(18,1343127753185323701,'on_demand','on_demand','completions','openai-gpt-oss-120b-gpu-type-h200x1_8nic16',1.79539144269461655618e+09,20779,24322,0,560000000,320000000,320000000);
INSERT INTO "entries" VALUES(19,1409601516444044880,'on_demand','on_demand','responses','openai-gpt-oss-120b-gpu-type-h200x1_8nic16',1795391444.39912,20779,24322,0,560000000,350000000,350000000);
INSERT INTO "entries" VALUES(20,4576226977553026456,'serverless','serverless','chat_stream','google/gemma-4-31B-it',1.79539144458906888964e+09,20779,24322,0,21760000,13640000,13640000);
INSERT INTO "entries" VALUES(21,4286599215347600057,'serverless','serverless','chat','google/gemma-4-31B-it',1.79539144504030060769e+09,20779,24322,0,15360000,7240000,7240000);
INSERT INTO "entries" VALUES(22,2583817550173580783,'on_demand','on_demand','completions_stream','openai-gpt-oss-120b-gpu-type-h200x1_8nic16',1.79539144515407133101e+09,20779,24322,0,560000000,320000000,320000000);
INSERT INTO "entries" VALUES(23,1799229206614706068,'serverless','serverless','responses','google/gemma-4-31B-it',1.79539144573267889018e+09,20779,24322,0,15360000,7240000,7240000);
INSERT INTO "entries" VALUES(24,243900004546392914,'serverless','serverless','kv_cache','google/gemma-4-31B-it',1.79539144589769577979e+09,20779,24322,0,608680000,153680000,153680000);
INSERT INTO "entries" VALUES(25,697110594301512281,'serverless','serverless','completions_stream','google/gemma-4-31B-it',1.79539144619628906248e+09,20779,24322,0,15360000,8640000,8640000);
INSERT INTO "entries" VALUES(26,3377111573658395996,'on_demand','on_demand','chat','openai-gpt-oss-120b-gpu-type-h200x1_8nic16',1.79539144682476758951e+09,20779,24322,0,560000000,350000000,350000000);
INSERT INTO "entries" VALUES(27,146259617015989023,'serverless','serverless','responses_stream','google/gemma-4-31B-it',1.79539144767161321647e+09,20779,24322,0,15360000,7240000,7240000);
INSERT INTO "entries" VALUES(28,3320658981099855335,'on_demand','on_demand','kv_cache','openai-gpt-oss-120b-gpu-type-h200x1_8nic16',1.7953914478116221428e+09,20779,24322,0,21750000000,10700000000,10700000000);
INSERT INTO "entries" VALUES(29,2115010749713544767,'serverless','serverless','kv_cache','openai/gpt-oss-20b',1.79539144799616146083e+09,20779,24322,0,218300000,55800000,55800000);
INSERT INTO "entries" VALUES(30,3871937270581554910,'serverless','serverless','responses_stream','openai/gpt-oss-20b',1.79539144915227770809e+09,20779,24322,0,6400000,3500000,3500000);
INSERT INTO "entries" VALUES(31,863283410055233099,'on_demand','on_demand','responses_stream','openai-gpt-oss-120b-gpu-type-h200x1_8nic16',1.7953914491863949299e+09,20779,24322,0,560000000,350000000,350000000);
CREATE TABLE opening (
            opened_at INTEGER NOT NULL CHECK (typeof(opened_at) = 'integer'),
            latest REAL NOT NULL CHECK (latest >= opened_at - 1),
            seen_at REAL NOT NULL
        );
INSERT INTO "opening" VALUES(1795391438,1.79539144923035025596e+09,1.79539144923035025596e+09);
CREATE TABLE reader (oldest INTEGER NOT NULL);
INSERT INTO "reader" VALUES(2);
CREATE TABLE shares (record TEXT NOT NULL);
CREATE INDEX by_window ON entries (month, day, asked, amount);
CREATE INDEX by_key
        ON entries (target, surface, probe, model, number, settled, reserved_at)
        ;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('entries',31);
COMMIT;
