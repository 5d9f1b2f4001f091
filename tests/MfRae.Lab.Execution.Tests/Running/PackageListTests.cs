using System.Text;
using System.Text.Json;
using MfRae.Lab.Execution.Running;

namespace MfRae.Lab.Execution.Tests.Running;

public sealed class PackageListTests
{
    [Fact]
    public void The_tensor_library_is_named_once() => PackageList
        .Numerics(new Dictionary<string, string>
        {
            ["TorchSharp"] = "0.107.0",
            ["libtorch-cuda-12.8-linux-x64"] = "2.10.0",
            ["libtorch-cuda-12.8-linux-x64-part1"] = "2.10.0",
            ["libtorch-cuda-12.8-linux-x64-part9-fragment2"] = "2.10.0",
            ["Dapper"] = "2.1.86",
        })
        .Should().Be("TorchSharp 0.107.0, libtorch-cuda-12.8-linux-x64 2.10.0");

    [Fact]
    public void The_list_has_packages_and_no_projects()
    {
        const string Json = """
            {"libraries":{"MfRae.Lab/1.0.0":{"type":"project"},"TorchSharp/0.107.0":{"type":"package"},"Dapper/2.1.86":{"type":"package"}}}
            """;

        PackageList.Read(Encoding.UTF8.GetBytes(Json))
            .Should().Equal(new Dictionary<string, string> { ["Dapper"] = "2.1.86", ["TorchSharp"] = "0.107.0" });
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    public void A_list_without_libraries_is_empty(string json) => PackageList.Read(Encoding.UTF8.GetBytes(json)).Should().BeEmpty();

    [Fact]
    public void An_invalid_list_is_an_error() =>
        FluentActions.Invoking(() => PackageList.Read("{"u8.ToArray())).Should().Throw<JsonException>();

    [Fact]
    public void The_list_of_this_process_includes_the_test_framework() =>
        PackageList.OfProcess().Keys.Should().Contain("FluentAssertions");
}
