-- Each request asks for ten random drivers out of a million; the same sequence on every run.
local headers = { ["Content-Type"] = "application/json" }

function request()
    local ids = {}
    for index = 1, 10 do
        ids[index] = 1001 + math.random(0, 999999)
    end
    local body = '{"feature_service":"all_features","entities":{"driver_id":['
        .. table.concat(ids, ",") .. "]}}"
    return wrk.format("POST", "/get-online-features", headers, body)
end

function init()
    math.randomseed(42)
end
