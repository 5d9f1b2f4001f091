using System.Text;
using MfRae.Lab.Core.Experiments;

namespace MfRae.Lab.Core.Tests.Experiments;

/// <summary>Files as editors and shells write them: with marks, in UTF-16, in the encoding of an old system.</summary>
public sealed class EncodingTests : IDisposable
{
    private const string Text = "{ \"extends\": \"base.json\", \"question\": \"Größe λ?\" }";

    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    [InlineData("utf-32BE")]
    public void A_file_with_a_byte_order_mark_is_read(string encoding)
    {
        Write("x.json", Text, Encoding.GetEncoding(encoding), mark: true);

        var read = Read();

        read.Diagnostics.Should().BeEmpty();
        read.Experiment!.Question.Should().Be("Größe λ?");
        read.Experiment.Files![0].Text.Should().Be(Text, "the record contains the text, whatever its encoding was");
    }

    [Fact]
    public void A_file_that_is_extended_may_have_another_encoding()
    {
        Write("middle.json", "{ \"extends\": \"base.json\", \"question\": \"Größe λ?\" }", Encoding.Unicode, mark: true);
        _work.Write("x.json", "{ \"extends\": \"middle.json\" }");

        Read().Experiment!.Question.Should().Be("Größe λ?");
    }

    [Theory]
    [InlineData("utf-16", "UTF-16")]
    [InlineData("utf-16BE", "UTF-16")]
    [InlineData("utf-32", "UTF-32")]
    [InlineData("utf-32BE", "UTF-32")]
    public void Another_encoding_without_a_mark_is_reported_with_a_remedy(string encoding, string named)
    {
        Write("x.json", Text, Encoding.GetEncoding(encoding), mark: false);

        var found = Read().Diagnostics.Should().ContainSingle().Subject;

        (found.File, found.Path).Should().Be(("x.json", "$"));
        found.Message.Should().Be($"the file is {named} without a byte order mark");
        found.Suggestion.Should().Be("save it as UTF-8");
    }

    [Fact]
    public void A_byte_that_is_not_utf_8_is_named_with_its_line()
    {
        Write("x.json", "{\n  // Größe\n  \"extends\": \"base.json\"\n}", Encoding.Latin1, mark: false);

        var found = Read().Diagnostics.Should().ContainSingle().Subject;

        found.Line.Should().Be(2);
        found.Message.Should().Be("byte 0xF6 at column 8 is not UTF-8");
        found.Suggestion.Should().Be("save the file as UTF-8");
    }

    [Fact]
    public void A_byte_that_is_not_utf_8_is_reported_in_the_extended_file()
    {
        Write("middle.json", "{ \"extends\": \"base.json\", \"question\": \"Größe?\" }", Encoding.Latin1, mark: false);
        _work.Write("x.json", "{ \"extends\": \"middle.json\" }");

        Read().Diagnostics.Should().ContainSingle().Which.File.Should().Be("middle.json");
    }

    [Fact]
    public void A_nul_byte_is_named_with_its_line()
    {
        _work.Write("x.json", "{ \"extends\": \"base.json\",\n  \"question\": \"a\0b\" }");

        var found = Read().Diagnostics.Should().ContainSingle().Subject;

        found.Line.Should().Be(2);
        found.Message.Should().Be("byte 0x00 at column 17 is not text");
    }

    [Theory]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x7B, 0x00, 0x20 }, "UTF-16")]
    [InlineData(new byte[] { 0xFF, 0xFE, 0x00, 0xD8, 0x20, 0x00 }, "UTF-16")]
    public void A_truncated_file_of_another_encoding_is_reported(byte[] content, string named)
    {
        File.WriteAllBytes(Path.Combine(_work.Root, "x.json"), content);

        Read().Diagnostics.Should().ContainSingle().Which.Message.Should().Be($"the file has a {named} byte order mark but is not valid {named}");
    }

    [Fact]
    public void The_file_that_powershell_5_1_redirects_is_read()
    {
        File.Copy(Repository.File("tests/Golden/cases/utf16.json"), Path.Combine(_work.Root, "x.json"));
        _work.Write("base/fashion-mnist.json", File.ReadAllText(Repository.File("experiments/base/fashion-mnist.json")));

        var read = Read();

        read.Diagnostics.Should().BeEmpty();
        read.Experiment!.Arms.Select(arm => arm.Name).Should().Equal("mft", "mfd");
    }

    private void Write(string name, string text, Encoding encoding, bool mark) =>
        File.WriteAllBytes(Path.Combine(_work.Root, name), [.. mark ? encoding.GetPreamble() : [], .. encoding.GetBytes(text)]);

    private ReadResult Read() => ExperimentReader.Read("x.json", [], _work.Root);
}
