"""Events in the form of CloudEvents 1.0: structured, and in batches."""

import datetime
import json
import unittest

from tallyho_server import ServerTest, find

ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
CUT = '{"specversion":"1.0","type":"find","source":"/s","id":"cut",'  # To be completed.


def cloud_event(player, identity, value=5, **more):
    return {"specversion": "1.0", "type": "find", "source": "/shop", "id": identity, "subject": player,
            "data": {"value": value}, **more}


class CloudEvents(ServerTest):
    def post(self, event, content_type=ONE, query=""):
        status, headers, body = self.server.post_events(event, content_type, query)
        return status, headers["Content-Type"], json.loads(body)

    def test_subject_is_the_player_and_data_the_fields(self):
        event = cloud_event("c-ada", "c1", 7, datacontenttype="application/json", dataschema="urn:x",
                            traceparent="00-1")
        status, content_type, result = self.post(event, ONE + "; charset=utf-8", "?detail=fired")
        self.assertEqual((status, content_type), (200, "application/json"))
        position = result.pop("position")
        self.assertEqual(result, {"id": "c1", "code": "ok", "points": 7, "total": 7, "fired": [["base", 7]]})
        # The same as an event of ours: its id is remembered.
        self.assertEqual(self.server.post_event(find("c-ada", 7, id="c1"))[1]["code"], "duplicate")
        self.assertGreater(position, 0)

    def test_a_batch_is_answered_by_results_in_order(self):
        batch = [cloud_event("c-bob", "b1", 1), cloud_event("c-bob", "b1", 1), {"type": "find"},
                 cloud_event("c-bob", "b2", 2000), 7, cloud_event("c-bob", "b3", 2)]
        status, content_type, results = self.post(batch, BATCH)
        self.assertEqual((status, content_type), (200, "application/json"))
        self.assertEqual([result["code"] for result in results],
                         ["ok", "duplicate", "missing_field", "invalid_field", "malformed", "ok"])
        self.assertEqual(results[5]["total"], 3)
        self.assertEqual(self.post([], BATCH)[2], [])

    def test_what_is_wrong_with_one_is_said(self):
        good = cloud_event("c-cyd", "w1")

        def without(name):
            return {key: value for key, value in good.items() if key != name}

        cases = [
            (without("specversion"), "missing_field", "specversion"),
            (without("type"), "missing_field", "type"),
            (without("source"), "missing_field", "source"),
            (without("id"), "missing_field", "id"),
            (without("subject"), "missing_field", "subject"),
            (without("data"), "missing_field", "value"),
            ({**good, "subject": None}, "missing_field", "subject"),
            ({**good, "specversion": "0.3"}, "invalid_field", "specversion"),
            ({**good, "source": ""}, "invalid_field", "source"),
            ({**good, "id": 7}, "invalid_field", "id"),
            ({**good, "subject": {"a": 1}}, "invalid_field", "subject"),
            ({**good, "time": 7}, "invalid_field", "time"),
            ({**good, "time": "yesterday"}, "invalid_field", "ts"),
            ({**good, "data": [1]}, "invalid_field", "data"),
            ({**good, "data": "text"}, "invalid_field", "data"),
            ({**good, "data_base64": "e30="}, "invalid_field", "data_base64"),
            ({**good, "datacontenttype": "text/xml"}, "invalid_field", "datacontenttype"),
            ({**good, "subject": "x" * 129}, "invalid_field", "player"),
            ({**good, "type": "unheard of"}, "unknown_type", "type"),
            ({**good, "data": {"value": "seven"}}, "invalid_field", "value"),
        ]
        for event, code, field in cases:
            status, _, result = self.post(event)
            self.assertEqual((status, result["code"], result.get("field")), (400, code, field), event)
        self.assertEqual(self.server.get("/v1/players/c-cyd")[0], 404)

    def test_bytes_that_are_no_object_are_malformed(self):
        texts = ["", "[]", "{", "{}x", '{"specversion":"1.0","specversion":"1.0"}', '"text"', "\x00",
                 json.dumps(cloud_event("c-dan", "m1"))[:-1], '{"a":"\\x"}',
                 CUT + '"subject":"c-dan","data":{"value":1,"value":1}}',
                 CUT + '"subject":"c-dan","data":{"value":1,"type":"x"}}']
        for text in texts:
            status, _, result = self.post(text)
            self.assertEqual((status, result["code"]), (400, "malformed"), text)
        status, _, result = self.post(cloud_event("c-dan", "m2", padding="x" * 16384))
        self.assertEqual((status, result["code"]), (413, "too_large"))

    def test_odd_but_right_ones_are_taken(self):
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        for i, text in enumerate([
                ' {"specversion" : "1.0" ,\n"type":"find","source":"/s","id":"o0","subject":"c-eve",'
                '"data" : { "value" : 1 } } ',
                '{"data":{"value":1},"extension":{"a":[1,{"b":"}"}],"c":"\\"]"},"subject":"c-\\u0065ve","id":"o1",'
                '"source":"\\",{","type":"find","specversion":"1.0"}',
                CUT + '"subject":"c-eve","time":"' + now + '","data_base64":null,'
                '"data":{"value":1,"kind":"plain"}}']):
            result = self.post(text)[2]
            self.assertEqual((result.get("code"), result.get("total")), ("ok", i + 1), result)


if __name__ == "__main__":
    unittest.main()
