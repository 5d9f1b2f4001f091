using MfRae.Lab.Reporting.Markup;
using Scriban;
using Scriban.Runtime;
using Scriban.Syntax;

namespace MfRae.Lab.Reporting.Tests.Markup;

public sealed class HtmlTemplateContextTests
{
    [Fact]
    public void Strings_are_escaped_and_markup_is_not() =>
        Render("{{ text }}{{ markup }}", new { Text = "<i>", Markup = Html.Of($"<b></b>") }).Should().Be("&lt;i&gt;<b></b>");

    [Fact]
    public void A_misspelt_name_is_an_error() =>
        FluentActions.Invoking(() => Render("{{ txet }}", new { Text = "" })).Should().Throw<ScriptRuntimeException>();

    [Fact]
    public void A_misspelt_member_is_an_error() =>
        FluentActions.Invoking(() => Render("{{ row.txet }}", new { Row = new { Text = "" } })).Should().Throw<ScriptRuntimeException>();

    [Fact]
    public void Unformatted_numbers_are_refused() =>
        FluentActions.Invoking(() => Render("{{ value }}", new { Value = 0.1 })).Should().Throw<Exception>().WithMessage("*not a Double*");

    [Fact]
    public void Long_loops_and_long_texts_come_through_whole()
    {
        var text = new string('x', 3 << 20);

        Render("{{ text }}{{ for row in rows }}y{{ end }}", new { Text = text, Rows = Enumerable.Range(0, 5_000).ToArray() })
            .Should().HaveLength(text.Length + 5_000);
    }

    private static string Render(string template, object model)
    {
        var values = new ScriptObject();
        values.Import(model);
        return Template.Parse(template).Render(new HtmlTemplateContext(values));
    }
}
