using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using MfRae.Lab.Core.Options;
using MfRae.Lab.Core.Planning;

namespace MfRae.Lab.Core.Tests.Planning;

public sealed class StageKeyTests
{
    private static readonly Dictionary<string, string> None = [];

    [Fact]
    public void Canonical_json_does_not_depend_on_order_or_white_space() =>
        CanonicalJson.Write(JsonNode.Parse("""{ "b": [1, 2.50, null], "a": { "d": "é\n", "c": true } }"""))
            .Should().Be("""{"a":{"c":true,"d":"\u00E9\n"},"b":[1,2.50,null]}""");

    [Fact]
    public void A_key_is_the_hash_of_all_that_makes_the_numbers()
    {
        var definition = new ReferenceStage("test");
        string key = StageKey.Of(definition, "reference", 1, null, None, None);

        key.Should().Be(CanonicalJson.Hash(JsonNode.Parse("""
            { "files": {}, "inputs": {}, "kind": "reference",
              "options": { "stage": "reference", "split": "test", "keptFeatures": 50000 }, "revision": 1,
              "seed": null }
            """)));
        string[] others =
        [
            StageKey.Of(new ReferenceStage("train"), "reference", 1, null, None, None),
            StageKey.Of(definition, "reference", 2, null, None, None),
            StageKey.Of(definition, "reference", 1, 0, None, None),
            StageKey.Of(definition, "reference", 1, null, new Dictionary<string, string> { ["dataset"] = "d" }, None),
            StageKey.Of(definition, "reference", 1, null, None, new Dictionary<string, string> { ["dataset"] = "d" }),
        ];
        others.Append(key).Should().OnlyHaveUniqueItems();
    }

    [Fact]
    public void The_order_of_inputs_does_not_change_a_key()
    {
        var forth = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" };
        var back = new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" };

        StageKey.Of(new ProbeStage(), "probe", 1, 0, forth, None).Should().Be(StageKey.Of(new ProbeStage(), "probe", 1, 0, back, None));
    }

    [Fact]
    public void Facts_about_a_stage_are_not_part_of_its_JSON()
    {
        var kinds = typeof(StageDefinition).GetCustomAttributes<JsonDerivedTypeAttribute>().ToList();

        kinds.Should().HaveCount(22);
        foreach (var kind in kinds)
        {
            var json = LabJson.Default.GetTypeInfo(kind.DerivedType)!;
            var options = kind.DerivedType.GetConstructors().Single().GetParameters().Select(parameter => JsonNamingPolicy.CamelCase.ConvertName(parameter.Name!));
            json.Properties.Select(property => property.Name).Should().BeEquivalentTo(options, (string)kind.TypeDiscriminator!);
        }
    }

    [Fact]
    public void Files_are_those_the_options_name()
    {
        new DatasetStage(new IdxDatasetOptions("data/x/")).Files()
            .Should().HaveCount(4).And.Contain("data/x/t10k-labels-idx1-ubyte.gz");
        new EncoderStage(new PretrainedEncoderOptions("e.safetensors")).Files().Should().Equal("e.safetensors");
        new LatentStage(new PerElementLatentOptions()).Files().Should().BeEmpty();
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_named() =>
        FluentActions.Invoking(() => FileHash.In(Path.GetTempPath())("no/such/file"))
            .Should().Throw<LabException>().WithMessage("*no/such/file cannot be read*");

    [Fact]
    public void A_file_is_hashed_by_its_bytes()
    {
        var folder = Directory.CreateTempSubdirectory("hash");
        File.WriteAllText(Path.Combine(folder.FullName, "abc"), "abc");

        string hash = FileHash.In(folder.FullName)("abc");

        folder.Delete(recursive: true);
        hash.Should().Be("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
