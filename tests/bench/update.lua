-- update.lua: what wrk (with one thread) asks of ddnsgate. It notes what it asked and when, for verify.py.
--
--      wrk -t 1 ... -s update.lua URL -- KIND NAME HOSTS USERS PASSWORD ADDRESSES SENT
--
-- KIND       update     each request gives a random host a new address, in the Rexx dialect
--            in-turn    the same, with one host after the other instead of random ones
--            dyndns2    the same in that dialect, with Basic credentials
--            unchanged  each request gives a random host the address that it has
--            wrong-key  as update, with a password that is not the right one
--            poisoned   as update, but one request in ten is for a host that does not exist
-- NAME       of a host: %d in it is its number, and a second %d the number of its user
-- HOSTS      that many hosts there are, from number 0 on
-- USERS      that many users there are: user0, user1, ...; host N belongs to user(N modulo USERS). For `poisoned` they
--            also have HOSTS more hosts, which do not exist; so many that it is no use to remember which.
-- PASSWORD   everyone's
-- ADDRESSES  file with the present address of each host, one a line
-- SENT       file to write: a line `time host address` for each request, in the order of sending
--
-- The last line on standard output is one JSON object with the figures.

local ffi = require("ffi")
ffi.cdef([[
typedef struct { long seconds, nanoseconds; } bench_timespec;
int clock_gettime(int clock, bench_timespec *now);
]])
local CLOCK_MONOTONIC = 1

-- wrk runs setup() and done() in one state, init() and request() in that of the thread, whose globals done() can get.
local thread

function setup(only_thread)
	thread = only_thread
end

local clock = ffi.new("bench_timespec")

local function now_s()
	ffi.C.clock_gettime(CLOCK_MONOTONIC, clock)
	return tonumber(clock.seconds) + tonumber(clock.nanoseconds) / 1e9
end

local function read_lines(path)
	local lines = {}
	for line in io.lines(path) do
		lines[#lines + 1] = line
	end
	return lines
end

local HEAD_END = " HTTP/1.1\r\nHost: bench\r\n"
local kind, host_count, user_count, beginnings, endings, present, next_address

local DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

local function base64(text)
	local groups = {}
	for at = 1, #text, 3 do
		local a, b, c = text:byte(at, at + 2)
		local bits = a * 65536 + (b or 0) * 256 + (c or 0)
		local group = ""
		for place = 3, 0, -1 do
			local digit = math.floor(bits / 64 ^ place) % 64
			group = group .. DIGITS:sub(digit + 1, digit + 1)
		end
		groups[#groups + 1] = b and (c and group or group:sub(1, 3) .. "=") or group:sub(1, 2) .. "=="
	end
	return table.concat(groups)
end

-- What stands before the address in a request for that host, and what behind it in one of that user.
local function beginning(host, pattern, password)
	local user = host % user_count
	local name = pattern:format(host, user)
	if kind == "dyndns2" then
		return string.format("GET /nic/update?hostname=%s&myip=", name)
	end
	return string.format("GET /dynamic.cgi?user=user%d&password=%s&host=%s&ip=", user, password, name)
end

local function ending(user, password)
	if kind == "dyndns2" then
		local credentials = base64(string.format("user%d:%s", user, password))
		return HEAD_END .. "Authorization: Basic " .. credentials .. "\r\n\r\n"
	end
	return HEAD_END .. "\r\n"
end

function init(args)
	local pattern, password = args[2], args[5]
	kind, host_count, user_count = args[1], tonumber(args[3]), tonumber(args[4])
	present = read_lines(args[6])
	sent_path, times, hosts, addresses = args[7], {}, {}, {}

	math.randomseed(now_s() * 1e6)
	next_address = math.random(0, 2 ^ 24 - 1)
	if kind == "wrong-key" then
		password = string.reverse(password)
	end
	beginnings, endings = {}, {}
	for host = 0, (kind == "poisoned" and 2 or 1) * host_count - 1 do
		beginnings[host] = beginning(host, pattern, password)
	end
	for user = 0, user_count - 1 do
		endings[user] = ending(user, password)
	end
end

-- Addresses count upwards in 10/8 from a random one, so that none is what the host has already.
local function new_address()
	local n = (next_address + 1) % 2 ^ 24
	next_address = n
	return "10." .. math.floor(n / 65536) .. "." .. math.floor(n / 256) % 256 .. "." .. n % 256
end

local function next_host()
	if kind == "in-turn" then
		return #times % host_count
	end
	if kind == "poisoned" and math.random(10) == 1 then
		return host_count + math.random(0, host_count - 1)
	end
	return math.random(0, host_count - 1)
end

function request()
	local host = next_host()
	local address = kind == "unchanged" and present[host + 1] or new_address()
	local n = #times + 1
	times[n], hosts[n], addresses[n] = now_s(), host, address
	return beginnings[host] .. address .. endings[host % user_count]
end

local function write_sent()
	local file = assert(io.open(thread:get("sent_path"), "w"))
	local times, hosts, addresses = thread:get("times"), thread:get("hosts"), thread:get("addresses")
	-- wrk never sends the first request: it asks for one at the start to see what the script does.
	for n = 2, #times do
		file:write(string.format("%.6f %d %s\n", times[n], hosts[n], addresses[n]))
	end
	file:close()
end

function done(summary, latency)
	local errors = summary.errors
	write_sent()
	print(string.format('{"answers": %d, "seconds": %.6f, "refused": %d, "broken": %d, ' ..
		'"p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f}',
		summary.requests, summary.duration / 1e6, errors.status,
		errors.connect + errors.read + errors.write + errors.timeout,
		latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
