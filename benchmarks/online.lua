-- wrk -s online.lua URL -- SERVICE ENTITIES KEYS REQUESTS
--
-- So many requests for random drivers 0 ..< KEYS, the same on every run, made before the clock
-- starts and sent again and again. Prints one line of JSON at the end; times in milliseconds.
local requests, count, index = {}, 0, 0

function init(arguments)
    local service, entities, keys = arguments[1], tonumber(arguments[2]), tonumber(arguments[3])
    local headers = { ["Content-Type"] = "application/json" }
    count = tonumber(arguments[4])
    math.randomseed(42)
    for number = 1, count do
        local ids = {}
        for position = 1, entities do
            ids[position] = string.format("%d", math.random(0, keys - 1))
        end
        local body = '{"feature_service":"' .. service .. '","entities":{"driver_id":['
            .. table.concat(ids, ",") .. "]}}"
        requests[number] = wrk.format("POST", "/get-online-features", headers, body)
    end
end

function request()
    index = index % count + 1
    return requests[index]
end

function done(summary, latency, _)
    local errors = summary.errors
    io.write(string.format(
        'JSON {"requests":%d,"seconds":%.6f,"bytes":%d,"p50":%.3f,"p99":%.3f,"errors":%d}\n',
        summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1000,
        latency:percentile(99) / 1000,
        errors.connect + errors.read + errors.write + errors.timeout + errors.status))
end
